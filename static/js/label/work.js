// The numbers on top: labels, what they earned, what the time pays, how far the project is.

import { amount, say } from "./words.js";

export class Work {
  constructor(summary) {
    this.take(summary);
  }

  /** Numbers of the server, which are the true ones. */
  take(summary) {
    this.labels = summary.labels;
    this.session = summary.session_labels;
    this.pay = Number(summary.pay_per_label);
    this.timed = summary.timed_labels;
    this.seconds = summary.active_seconds;
    this.done = summary.progress.done;
    this.needed = summary.progress.needed;
    this.show();
  }

  /** One label more (+1) or one taken back (-1), before the server says so. */
  count(step, milliseconds) {
    this.labels = Math.max(0, this.labels + step);
    this.session = Math.max(0, this.session + step);
    this.done = Math.min(this.needed, Math.max(0, this.done + step));
    if (milliseconds !== undefined) {
      this.timed += step;
      this.seconds += (step * milliseconds) / 1000;
    }
    this.show();
  }

  show() {
    const set = (name, text) => {
      for (const element of document.querySelectorAll(`.label-top [data-${name}]`)) element.textContent = text;
    };
    set("counts", say("counts", { session: this.session, labels: this.labels }));
    set("session", this.session);
    set("earned", amount(this.labels * this.pay));
    const rate = document.querySelector("[data-rate]");
    if (rate) rate.hidden = !(this.timed > 0 && this.seconds > 0);
    if (this.seconds > 0) set("per-hour", amount((this.pay * this.timed * 3600) / this.seconds));
    this.bar();
  }

  bar() {
    const gauge = document.getElementById("label-progress");
    const bar = gauge?.querySelector("progress");
    if (!bar) return;
    const text = say("progress", { done: this.done, needed: this.needed });
    bar.max = Math.max(1, this.needed);
    bar.value = this.done;
    bar.setAttribute("aria-valuetext", text);
    const beside = gauge.querySelector(".gauge-text");
    if (beside) beside.textContent = text;
  }
}

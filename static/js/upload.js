// The upload form with progress and a way to stop. Without scripts the same form is sent as it is.

import { messageOf } from "./requests.js";
import { toast } from "./toasts.js";

const size = new Intl.NumberFormat(document.documentElement.lang || "en", { maximumFractionDigits: 1 });
const megabytes = (bytes) => `${size.format(bytes / 1e6)} MB`;

class Upload {
  constructor(form) {
    this.form = form;
    this.input = form.querySelector('input[type="file"]');
    this.progress = form.querySelector("[data-upload-progress]");
    this.bar = form.querySelector("[data-upload-bar]");
    this.text = form.querySelector("[data-upload-text]");
    this.status = form.querySelector("[data-upload-status]");
    this.send = form.querySelector("[data-upload-send]");
    this.cancel = form.querySelector("[data-upload-cancel]");
    form.addEventListener("submit", (event) => this.start(event));
    this.cancel.addEventListener("click", () => this.request?.abort());
    window.addEventListener("beforeunload", (event) => this.request && event.preventDefault());
  }

  start(event) {
    event.preventDefault();
    if (this.request || !this.input.files.length) return;
    const request = new XMLHttpRequest();
    this.request = request;
    request.upload.addEventListener("progress", ({ loaded, total }) => this.show(loaded, total));
    request.upload.addEventListener("load", () => this.say(this.status.dataset.done));
    request.addEventListener("load", () => this.finish());
    request.addEventListener("error", () => this.stop(() => toast("error", this.form.dataset.failed)));
    request.addEventListener("abort", () => this.stop(() => this.say(this.status.dataset.stopped)));
    request.open("POST", this.form.action);
    request.setRequestHeader("Accept", "application/json");
    request.send(new FormData(this.form));
    this.busy(true);
  }

  show(loaded, total) {
    const percent = total ? (100 * loaded) / total : 0;
    this.bar.value = percent;
    this.text.textContent = `${megabytes(loaded)} / ${megabytes(total)}`;
    if (percent >= 50 && percent < 100) this.say(this.status.dataset.half);
  }

  say(words) {
    if (this.status.textContent !== words) this.status.textContent = words;
  }

  busy(on) {
    this.progress.hidden = this.cancel.hidden = !on;
    this.send.disabled = this.input.disabled = on;
    this.send.toggleAttribute("aria-busy", on);
    if (on) this.cancel.focus();
  }

  stop(tell) {
    this.request = null;
    this.busy(false);
    this.send.focus();
    tell();
  }

  finish() {
    const { status, responseText } = this.request;
    const type = this.request.getResponseHeader("content-type") ?? "";
    if (status !== 201) {
      this.stop(() => toast("error", messageOf(status, responseText, type)));
      return;
    }
    this.request = null; // before leaving, else beforeunload would ask
    location.assign(JSON.parse(responseText).url);
  }
}

for (const form of document.querySelectorAll("form[data-upload]")) new Upload(form);

// What the person did and the server does not know yet: kept in the browser's storage, sent in order, one at a time.
// Every action may be sent twice without harm, so after a lost answer, a reload or a crash it is simply sent again.

import { Refused, SignedOut, Unreachable } from "./api.js";

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;

export class Outbox {
  /** perform(action) → answer; on = {sent(action, answer), refused(action, error), changed()}. */
  constructor(name, perform, on) {
    this.name = name;
    this.perform = perform;
    this.on = on;
    this.actions = [];
    this.offline = !navigator.onLine;
    this.signedOut = false;
    this.running = false;
    this.paused = true;
    this.wait = FIRST_WAIT;
    addEventListener("online", () => this.hurry());
    addEventListener("offline", () => this.setOffline(true));
  }

  /** Take up what an earlier page left; nothing is sent yet. */
  recall() {
    if (!this.running) this.actions = this.load();
  }

  /** Begin to send. */
  start() {
    this.paused = false;
    this.drain();
  }

  stop() {
    this.paused = true;
    clearTimeout(this.timer);
  }

  get size() {
    return this.actions.length;
  }

  /** Labels among what waits: what a person counts. */
  get labels() {
    return this.actions.filter(({ kind }) => kind === "submit").length;
  }

  assignments() {
    return this.actions.filter(({ kind }) => kind !== "flag").map(({ assignment }) => assignment);
  }

  add(action) {
    this.actions.push(action);
    this.save();
    this.on.changed();
    this.drain();
  }

  /** Send now instead of after the wait. */
  hurry() {
    clearTimeout(this.timer);
    this.timer = null;
    this.wait = FIRST_WAIT;
    this.drain();
  }

  async drain() {
    if (this.running || this.paused || this.timer) return;
    this.running = true;
    while (this.actions.length && !this.paused) {
      const [action] = this.actions;
      try {
        const answer = await this.perform(action);
        this.settle(action);
        this.on.sent(action, answer);
      } catch (error) {
        if (error instanceof Refused) {
          this.settle(action);
          this.on.refused(action, error);
        } else if (error instanceof SignedOut || error instanceof Unreachable) {
          this.later(error);
          break;
        } else {
          this.running = false;
          throw error;
        }
      }
    }
    this.running = false;
    this.on.changed();
  }

  settle(action) {
    this.actions = this.actions.filter((other) => other !== action);
    this.save();
    this.signedOut = false;
    this.wait = FIRST_WAIT;
    this.setOffline(false);
  }

  later(error) {
    this.signedOut = error instanceof SignedOut;
    this.setOffline(!this.signedOut);
    const pause = this.wait * (0.75 + Math.random() / 2);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
    this.timer = setTimeout(() => {
      this.timer = null;
      this.drain();
    }, pause);
  }

  setOffline(offline) {
    const changed = this.offline !== offline;
    this.offline = offline;
    if (changed) this.on.changed();
  }

  load() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.name) ?? "[]");
      return Array.isArray(kept) ? kept : [];
    } catch {
      return [];
    }
  }

  save() {
    try {
      if (this.actions.length) localStorage.setItem(this.name, JSON.stringify(this.actions));
      else localStorage.removeItem(this.name);
    } catch {
      // No storage (private mode, full): the actions live as long as the page does.
    }
  }
}

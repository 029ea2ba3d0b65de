// Active time on one item: while the page is seen, and no longer than `idle` after the last sign of the person.

const SIGNS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart", "scroll"];

export class Clock {
  constructor(idle) {
    this.idle = idle;
    this.reset();
    for (const sign of SIGNS) addEventListener(sign, () => this.touch(), { passive: true, capture: true });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.hold();
      else this.touch();
    });
  }

  /** A new item: start from nothing. */
  reset() {
    this.spent = 0;
    this.last = performance.now();
    this.held = document.hidden;
  }

  touch() {
    if (document.hidden) return;
    const now = performance.now();
    if (!this.held) this.spent += Math.min(now - this.last, this.idle);
    this.held = false;
    this.last = now;
  }

  hold() {
    if (this.held) return;
    this.spent += Math.min(performance.now() - this.last, this.idle);
    this.held = true;
  }

  /** Milliseconds so far. */
  read() {
    const running = this.held ? 0 : Math.min(performance.now() - this.last, this.idle);
    return Math.round(this.spent + running);
  }

  /** Milliseconds since the person gave a sign. */
  sinceSign() {
    return performance.now() - this.last;
  }
}

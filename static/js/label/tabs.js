// One tab labels at a time. A tab that opens asks; the tab at work answers; the newer one then stands aside until it is
// told to take over, or until the other one is closed.

const PATIENCE = 150;

export class Tabs {
  constructor(name, { takeUp, standAside }) {
    this.takeUp = takeUp;
    this.standAside = standAside;
    this.state = "asking";
    this.id = crypto.getRandomValues(new Uint32Array(1))[0];
    this.channel = "BroadcastChannel" in window ? new BroadcastChannel(name) : null;
    this.channel?.addEventListener("message", ({ data }) => this.hear(data));
    addEventListener("pagehide", () => this.state === "working" && this.say("leaving"));
    addEventListener("pageshow", (event) => event.persisted && this.ask());
    this.ask();
  }

  ask() {
    this.state = "asking";
    this.say("hello");
    setTimeout(() => this.state === "asking" && this.work(), this.channel ? PATIENCE : 0);
  }

  /** Label here; whichever tab was at work stands aside. */
  here() {
    this.say("mine");
    this.work();
  }

  work() {
    this.state = "working";
    this.takeUp();
  }

  hear({ kind, from }) {
    const aside = () => {
      this.state = "aside";
      this.standAside();
    };
    if (kind === "hello" && this.state === "working") this.say("working");
    else if (kind === "hello" && this.state === "asking" && from > this.id) this.say("working");
    else if (kind === "working" && this.state === "asking") aside();
    else if (kind === "mine" && this.state === "working") aside();
    else if (kind === "leaving" && this.state === "aside" && !document.hidden) this.ask();
  }

  say(kind) {
    this.channel?.postMessage({ kind, from: this.id });
  }
}

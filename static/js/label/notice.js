// What the person is told: one line about the connection, one about the last action. Nothing blinks, nothing piles up.

import { say } from "./words.js";

const root = document.getElementById("labelling");
const notice = root.querySelector("[data-notice]");
const status = root.querySelector("[data-status]");
const spoken = root.querySelector("[data-announce]");
let wasAway = false;
let fade;

/** The line above the item, from the state of the outbox. */
export function connection({ offline, signedOut, labels, size }) {
  clearTimeout(fade);
  if (signedOut) return tell(say("signedOut", { count: size }), "warn", signIn());
  if (offline) {
    wasAway = true;
    const name = { 0: "offlineNone", 1: "offlineOne" }[labels] ?? "offlineMany";
    return tell(say(name, { count: labels }), "warn");
  }
  if (wasAway && !size) {
    wasAway = false;
    tell(say("backOnline"), "good");
    fade = setTimeout(() => tell(""), 5000);
    return;
  }
  if (!wasAway) tell("");
}

function signIn() {
  const login = document.getElementById("ui-texts")?.dataset.login ?? "/accounts/login/";
  return { url: `${login}?next=${encodeURIComponent(location.pathname)}`, label: say("signIn") };
}

function tell(text, tone = "warn", action = null) {
  notice.hidden = !text;
  notice.dataset.tone = tone;
  const words = notice.querySelector("[data-notice-text]");
  if (words.textContent !== text) words.textContent = text;
  const link = notice.querySelector("[data-notice-action]");
  link.hidden = !action;
  if (action) [link.href, link.textContent] = [action.url, action.label];
}

/** The line beside the button: what became of the last label. */
export function last(state, text) {
  status.dataset.state = state;
  status.textContent = text;
}

/** For those who listen instead of look. */
export function announce(text) {
  spoken.textContent = text;
}

// After a while of work without a pause a break is proposed. The proposal takes nothing away: the item and what is ticked
// stay; Escape or a button sends it off for as long again.

import { focus } from "./card.js";
import { announce } from "./notice.js";
import { say } from "./words.js";

const SIGNS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart", "scroll"];
const PAUSE = 5 * 60_000; // without a sign for so long, the person has had a break
const STREAK = "evenhand.label.streak";
const MINUTE = 60_000;

const proposal = document.querySelector("[data-break]");
const dialog = document.getElementById("label-break");

/** `minutes` of work until a break is proposed; 0: never. `rest()` is called when one begins. */
export function startBreaks(minutes, { rest }) {
  if (!minutes) return;
  let streak = recall();

  function sign() {
    const now = Date.now();
    if (dialog.open) return;
    if (now - streak.last > PAUSE || now < streak.last) streak = begin(minutes, now);
    streak.last = now;
    if (now >= streak.next && proposal.hidden) propose(now);
  }

  function propose(now) {
    const worked = Math.max(1, Math.floor((now - streak.since) / MINUTE));
    proposal.querySelector("[data-break-text]").textContent = say("atIt", { minutes: worked });
    proposal.hidden = false;
    announce(say("atItSpoken", { minutes: worked }));
  }

  function sendOff() {
    if (proposal.hidden) return;
    proposal.hidden = true;
    streak.next = Date.now() + minutes * MINUTE;
    keep(streak);
    focus();
  }

  function take() {
    proposal.hidden = true;
    rest();
    dialog.showModal();
  }

  dialog.addEventListener("close", () => {
    streak = begin(minutes, Date.now());
    keep(streak);
    focus();
  });
  dialog.querySelector("[data-break-over]").addEventListener("click", () => dialog.close());
  proposal.querySelector("[data-break-take]").addEventListener("click", take);
  proposal.querySelector("[data-break-later]").addEventListener("click", sendOff);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !document.querySelector("dialog[open], details[data-menu][open]")) sendOff();
  });
  for (const name of SIGNS) addEventListener(name, sign, { passive: true, capture: true });
  addEventListener("pagehide", () => keep(streak));
  sign();

  /** What an earlier page knew; a new proposal time where the person has changed how often. */
  function recall() {
    const now = Date.now();
    try {
      const kept = JSON.parse(localStorage.getItem(STREAK) ?? "null");
      if (kept?.minutes === minutes && kept.last <= now) return kept;
    } catch {
      // No storage: the streak is this page's.
    }
    return begin(minutes, now);
  }
}

function begin(minutes, now) {
  return { minutes, since: now, last: now, next: now + minutes * MINUTE };
}

function keep(streak) {
  try {
    localStorage.setItem(STREAK, JSON.stringify(streak));
  } catch {
    // As above.
  }
}

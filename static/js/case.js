// The queue and the settling page by keyboard: numbers choose the label, letters the cause, R recurrent, W the reason,
// Ctrl+Enter settles and opens the next case, N another case, G the guidelines. The pages work without this file.

import { call, Refused } from "./label/api.js";
import { toast } from "./toasts.js";

const form = document.querySelector("[data-settle]");
const KEEP = 5 * 60_000; // a claim lasts a quarter of an hour: renew it well before

function onKey(event) {
  if (event.defaultPrevented || event.repeat || document.querySelector("dialog[open]")) return;
  if (form && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit(form.querySelector("[data-then-next]"));
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("textarea, select, input:not([type=radio], [type=checkbox])")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const act = meaning(event.key.toLowerCase());
  if (!act) return;
  event.preventDefault();
  act();
}

function meaning(key) {
  if (key === "n") return press("[data-next]");
  if (key === "g") return press("[data-guidelines]");
  if (!form) return null;
  if (key === "w") return () => form.querySelector("[data-reason]").focus();
  const input = [...form.querySelectorAll("[data-shortcut]")].find(({ dataset }) => dataset.shortcut === key);
  return input ? () => choose(input) : null;
}

function press(selector) {
  const button = document.querySelector(selector);
  return button ? () => button.click() : null;
}

function choose(input) {
  input.checked = input.type === "radio" || !input.checked;
  input.focus();
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

// --- a case is ours while its page is open ---------------------------------------------------------------------------

let sent = false;

async function keep() {
  if (document.hidden || sent) return;
  try {
    await call(form.dataset.claim);
  } catch (error) {
    if (error instanceof Refused) toast("warning", error.message);
  }
}

function leave() {
  if (!sent) call(form.dataset.release, {}, { keepalive: true }).catch(() => {});
}

document.addEventListener("keydown", onKey);
if (form) {
  keep();
  setInterval(keep, KEEP);
  form.addEventListener("submit", () => {
    sent = true;
    for (const button of form.querySelectorAll("button[type=submit]")) button.setAttribute("aria-busy", "true");
  });
  addEventListener("pagehide", leave);
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    sent = false;
    for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
    keep();
  });
}

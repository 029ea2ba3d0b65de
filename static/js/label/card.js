// The item and its options on the screen: show, read, preselect, hide, wait.

import { say } from "./words.js";

const root = document.getElementById("labelling");
const find = (selector) => root.querySelector(selector);
const BLUR = "evenhand.label.hide";

export const card = find("[data-card]");
export const form = find("[data-form]");
const inputs = () => [...form.querySelectorAll("[data-task-input] input")];

/** Put an item on the screen; `value` is preselected. */
export function show(assignment, { value = null, again = false } = {}) {
  find("[data-item]").innerHTML = assignment.html; // rendered and escaped by our own server
  find("[data-place]").textContent = say(again ? "again" : "next");
  preselect(value);
  complain("");
  card.classList.remove("is-waiting");
  for (const input of inputs()) input.disabled = false;
  hideAtFirst();
}

/** Nothing to show yet: say why, take no label. */
export function wait(reason) {
  find("[data-item]").textContent = reason;
  find("[data-place]").textContent = "";
  card.classList.add("is-waiting");
  card.classList.remove("is-hidden");
  find("[data-reveal]").hidden = true;
  preselect(null);
  for (const input of inputs()) input.disabled = true;
}

export function preselect(value) {
  const chosen = value === null ? [] : [value].flat();
  for (const input of inputs()) input.checked = chosen.includes(input.value);
}

export const kind = () => form.querySelector("[data-task-input]").dataset.kind;

/** What is chosen, in the API's shape; null where it is not a valid choice, with the reason shown. */
export function read() {
  const chosen = inputs().filter((input) => input.checked).map((input) => input.value);
  if (kind() === "one") {
    complain(chosen.length ? "" : say("choose"));
    return chosen[0] ?? null;
  }
  const { min, max } = form.querySelector("[data-task-input]").dataset;
  const fits = chosen.length >= Number(min) && chosen.length <= Number(max);
  complain(fits ? "" : say("chooseRange", { min, max }));
  return fits ? chosen : null;
}

export function ticked() {
  return inputs().filter((input) => input.checked).map((input) => input.value);
}

/** The names of the labels in `value`, for people. */
export function names(value) {
  const chosen = [value].flat();
  const of = (input) => input.closest(".option").querySelector(".option-name").textContent;
  return inputs().filter((input) => chosen.includes(input.value)).map(of).join(", ");
}

export function inputFor(key) {
  return inputs().find((input) => input.dataset.shortcut === key);
}

function complain(text) {
  const error = find("[data-error]");
  error.hidden = !text;
  error.textContent = text;
}

/** The keyboard starts at the item, unless the person is in a menu or a dialog. */
export function focus() {
  if (document.querySelector("dialog[open], [data-panel][open]")) return;
  card.focus({ preventScroll: true });
  if (card.getBoundingClientRect().top < 0) card.scrollIntoView({ block: "start" });
}

// --- texts that stay hidden until asked for --------------------------------------------------------------------------

export const isHidden = () => card.classList.contains("is-hidden");

export function reveal() {
  card.classList.remove("is-hidden");
  find("[data-reveal]").hidden = true;
}

function wanted() {
  try {
    return localStorage.getItem(BLUR) === "yes";
  } catch {
    return false;
  }
}

function hideAtFirst() {
  const toggle = find("[data-blur]");
  const hide = Boolean(toggle) && wanted();
  toggle?.setAttribute("aria-pressed", String(hide));
  card.classList.toggle("is-hidden", hide);
  find("[data-reveal]").hidden = !hide;
}

export function startHiding() {
  find("[data-reveal]").addEventListener("click", () => {
    reveal();
    focus();
  });
  find("[data-blur]")?.addEventListener("click", () => {
    try {
      localStorage.setItem(BLUR, wanted() ? "no" : "yes");
    } catch {
      // Without storage the choice cannot be kept.
    }
    hideAtFirst();
  });
}

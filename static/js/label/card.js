// The item and its options on the screen: show, read, preselect, blur, wait.

import { say } from "./words.js";

const root = document.getElementById("labelling");
const find = (selector) => root.querySelector(selector);

export const card = find("[data-card]");
export const form = find("[data-form]");
const inputs = () => [...form.querySelectorAll("[data-task-input] input")];

/** Put an item on the screen; `value` is preselected. */
export function show(assignment, { value = null, again = false } = {}) {
  find("[data-item]").innerHTML = assignment.html; // rendered and escaped by our own server
  find("[data-place]").textContent = say(again ? "again" : "next");
  suggest(assignment.suggestion);
  preselect(value);
  complain("");
  card.classList.remove("is-waiting");
  for (const input of inputs()) input.disabled = false;
  hideAtFirst();
}

/** What a model says, where the person is shown it; it chooses nothing. */
function suggest(suggestion) {
  find("[data-suggestion]").hidden = !suggestion;
  find("[data-suggestion-model]").textContent = suggestion?.model ?? "";
  find("[data-suggestion-label]").textContent = suggestion?.label ?? "";
}

/** Nothing to show yet: say why, take no label. */
export function wait(reason) {
  find("[data-item]").textContent = reason;
  find("[data-place]").textContent = "";
  card.classList.add("is-waiting");
  suggest(null);
  conceal(false);
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

// --- items that stay blurred until asked for -------------------------------------------------------------------------

let blurred = false; // at first, as the person prefers

export const isHidden = () => card.classList.contains("is-hidden");

export function reveal() {
  conceal(false);
}

/** What is blurred is hidden from those who listen, too. */
function conceal(hide) {
  card.classList.toggle("is-hidden", hide);
  find("[data-item]").inert = hide;
  find("[data-reveal]").hidden = !hide;
}

function hideAtFirst() {
  find("[data-blur]")?.setAttribute("aria-pressed", String(blurred));
  conceal(blurred);
}

/** `atFirst`: blur each new item; `prefer(blur)` is told when the person changes that. */
export function startHiding(atFirst, prefer) {
  blurred = atFirst;
  find("[data-reveal]").addEventListener("click", () => {
    reveal();
    focus();
  });
  find("[data-blur]")?.addEventListener("click", () => {
    blurred = !blurred;
    hideAtFirst();
    prefer(blurred);
  });
}

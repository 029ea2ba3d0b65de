// The keyboard and the pointer: what a key or a click means on the labelling page.

import * as card from "./card.js";

const SETTLED = 250; // a press this soon after a new item was meant for the one before

/** on = {submit(), undo(), choose(input)}; `ready()` says whether the page takes labels now. */
export function startKeys({ submit, undo, ready, shownAt }) {
  const early = () => performance.now() - shownAt() < SETTLED;
  openGuide();

  function choose(input) {
    if (card.isHidden()) return card.reveal();
    if (card.kind() === "many") {
      input.checked = !input.checked;
      input.dispatchEvent(new Event("change", { bubbles: true }));
      return undefined;
    }
    input.checked = true;
    return submit();
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]")) return;
    if (document.querySelector("dialog[open]")) return;
    const act = meaning(event);
    if (!act) return;
    event.preventDefault();
    act();
  });

  function meaning(event) {
    const key = event.key.toLowerCase();
    const panel = document.querySelector("[data-panel][open]");
    if (panel && /^[1-9]$/.test(key)) {
      const reason = panel.querySelectorAll("button[name=reason]")[Number(key) - 1];
      return reason ? () => reason.click() : null;
    }
    if (key === "s") return () => togglePanel("skip");
    if (key === "f") return () => togglePanel("flag");
    if (panel) return null;
    if (key === "g") return toggleGuide;
    if (key === "?") return () => document.getElementById("label-keys").showModal();
    if (key === "u") return undo;
    if (!ready()) return null;
    if (key === "enter") {
      if (event.target.closest("a, button, summary, label")) return null;
      return () => (card.isHidden() ? card.reveal() : !early() && submit());
    }
    const input = card.inputFor(key);
    return input && !input.disabled ? () => !early() && choose(input) : null;
  }

  // A click on an option means it and submits it; arrow keys move through the options without submitting, which is
  // why only real clicks (detail > 0) count. The second click of a double click is nobody's answer.
  card.form.addEventListener("click", (event) => {
    const option = event.target.closest(".option");
    if (!option || event.detail === 0 || card.kind() === "many") return;
    const input = option.querySelector("input");
    if (event.target !== input) event.preventDefault();
    if (event.detail > 1 || early() || input.disabled || !ready()) return;
    choose(input);
  });
}

function togglePanel(name) {
  for (const panel of document.querySelectorAll("[data-panel]")) {
    panel.open = panel.dataset.panel === name && !panel.open;
    if (panel.open) panel.querySelector("button[name=reason]")?.focus();
  }
  if (!document.querySelector("[data-panel][open]")) card.focus();
}

const GUIDE = "evenhand.label.guide";

/** Beside the item there is room for the guidelines: open at first, until the person closes them. */
function openGuide() {
  const guide = document.querySelector("[data-guide]");
  if (!guide) return;
  let closed = false;
  try {
    closed = localStorage.getItem(GUIDE) === "closed";
  } catch {
    // No storage: open as at first.
  }
  guide.open = matchMedia("(width >= 64rem)").matches && !closed;
  guide.addEventListener("toggle", () => {
    try {
      localStorage.setItem(GUIDE, guide.open ? "open" : "closed");
    } catch {
      // The choice lasts as long as the page.
    }
  });
}

function toggleGuide() {
  const guide = document.querySelector("[data-guide]");
  if (!guide) return;
  guide.open = !guide.open;
  if (guide.open) guide.querySelector("summary").focus();
  else card.focus();
  if (guide.open) guide.scrollIntoView({ block: "nearest" });
}

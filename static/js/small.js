// Small conveniences by attribute; each page works without them.

import { toast } from "./toasts.js";

/** [data-copy="#selector"] or [data-copy-text="…"]: puts text on the clipboard; data-copied is what the toast says. */
async function copy(button) {
  const source = button.dataset.copy ? document.querySelector(button.dataset.copy) : null;
  const text = button.dataset.copyText ?? source?.value ?? source?.textContent ?? "";
  try {
    await navigator.clipboard.writeText(text.trim());
    toast("success", button.dataset.copied);
  } catch {
    toast("warning", button.dataset.copyFailed);
  }
}

/** .drop-zone: shows that a file may be dropped, hands it to the input, names the chosen one in [data-file-name]. */
function dropZones() {
  const zone = (event) => event.target.closest?.(".drop-zone");
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      if (!zone(event)) return;
      event.preventDefault();
      zone(event).classList.add("is-over");
    });
  }
  document.addEventListener("dragleave", (event) => zone(event)?.classList.remove("is-over"));
  document.addEventListener("drop", (event) => {
    const area = zone(event);
    const input = area?.querySelector('input[type="file"]');
    if (!input) return;
    event.preventDefault();
    area.classList.remove("is-over");
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  document.addEventListener("change", (event) => {
    const name = zone(event)?.querySelector("[data-file-name]");
    if (name && event.target.files) name.textContent = [...event.target.files].map((file) => file.name).join(", ");
  });
}

export function startSmall() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy], [data-copy-text]");
    if (button) copy(button);
  });
  // form[data-autosubmit]: a filter applies as soon as it is changed; its button remains for those without scripts.
  document.addEventListener("change", (event) => event.target.form?.matches("[data-autosubmit]")
    && event.target.form.requestSubmit());
  // Back from what a change led to, the browser would show the change beside the page of before it.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-autosubmit]")) form.reset();
  });
  dropZones();
  // Tabs scroll sideways on a phone: bring the current one into view.
  for (const tab of document.querySelectorAll(".tabs [aria-current]")) {
    const strip = tab.closest(".tabs");
    strip.scrollLeft = tab.offsetLeft - strip.clientWidth / 2 + tab.clientWidth / 2;
  }
}

// Short messages in the corner. The markup is a <template> in base.html, so that its words are translated and its icons come
// from the sprite; a toast in a server's answer has the same shape and is found by the observer below.

const ICONS = { info: "info", success: "check-circle", warning: "alert", error: "x-circle" };
const LIFETIME = 7000;
const MOST = 4;

/** Show a message. Errors stay until dismissed; the rest leave by themselves unless pointed at or focused. */
export function toast(level, text) {
  const region = document.getElementById("toasts");
  const template = document.getElementById("toast-template");
  if (!region || !template || !text) return;
  const kind = level in ICONS ? level : "info";
  const element = template.content.firstElementChild.cloneNode(true);
  element.classList.add(`toast-${kind}`);
  element.dataset.level = kind;
  element.setAttribute("role", kind === "error" ? "alert" : "status");
  element.querySelector(".toast-text").textContent = text;
  const use = element.querySelector(".toast-icon use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${ICONS[kind]}`));
  region.append(element);
}

function leave(element) {
  element.classList.add("is-leaving");
  setTimeout(() => element.remove(), 250);
}

function attend(element) {
  if (element.dataset.attended) return;
  element.dataset.attended = "true";
  element.querySelector("[data-dismiss]")?.addEventListener("click", () => leave(element));
  if (element.dataset.level === "error") return;
  let timer = setTimeout(() => leave(element), LIFETIME);
  const hold = () => clearTimeout(timer);
  const resume = () => {
    clearTimeout(timer);
    timer = setTimeout(() => leave(element), LIFETIME);
  };
  element.addEventListener("pointerenter", hold);
  element.addEventListener("pointerleave", resume);
  element.addEventListener("focusin", hold);
  element.addEventListener("focusout", resume);
}

export function startToasts() {
  const region = document.getElementById("toasts");
  if (!region) return;
  const survey = () => {
    const all = [...region.querySelectorAll(".toast")];
    all.forEach(attend);
    all.slice(0, Math.max(0, all.length - MOST)).forEach((old) => old.remove());
  };
  new MutationObserver(survey).observe(region, { childList: true });
  survey();
  document.addEventListener("evenhand:toast", ({ detail }) => toast(detail.level, detail.text));
}

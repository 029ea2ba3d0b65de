// Whether a page's WebSocket is up, and what to do when the network goes without saying so.

const SILENT = 45_000; // the server says at least that it is there every fifteen seconds
const LOOK_EVERY = 5_000;

/** [data-live]: says it in words (data-on, data-off) and by its dot; .is-stale once a page that was live no longer is.
 *  [data-over]: it was told that it will not be live any more. */
function show(on) {
  for (const element of document.querySelectorAll("[data-live]:not([data-over])")) {
    const dot = element.querySelector(".live-dot");
    if (!on && dot && !dot.classList.contains("is-off")) element.classList.add("is-stale");
    if (on) element.classList.remove("is-stale");
    dot?.classList.toggle("is-off", !on);
    const words = element.querySelector("[data-on]");
    const text = on ? words?.dataset.on : words?.dataset.off;
    if (words && words.textContent !== text) words.textContent = text;
  }
}

/** Closes the page's sockets, so that htmx connects anew: one that lost its network may look open for minutes. */
function connectAnew() {
  const registry = window.htmx?.ext?.ws?.getRegistry();
  for (const element of document.querySelectorAll("[hx-ws\\:connect]")) {
    registry?.get(element.getAttribute("hx-ws:connect"))?.socket?.close();
  }
}

export function watchSocket() {
  let heardAt = Date.now();
  const up = () => {
    heardAt = Date.now();
    show(true);
  };
  document.addEventListener("htmx:after:ws:connection", up);
  document.addEventListener("htmx:after:ws:message", up);
  document.addEventListener("htmx:ws:close", () => show(false));
  document.addEventListener("htmx:ws:error", () => show(false));
  document.addEventListener("visibilitychange", () => (heardAt = Date.now()));
  window.addEventListener("offline", () => show(false));
  window.addEventListener("online", connectAnew);
  setInterval(() => {
    if (document.hidden || Date.now() - heardAt < SILENT) return;
    heardAt = Date.now();
    show(false);
    connectAnew();
  }, LOOK_EVERY);
}

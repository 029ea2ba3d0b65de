// Live pages: what must survive an update that the socket brings, and what the reader is told of it.

import { watchSocket } from "./socket.js";

const SPEAK_EVERY = 15_000; // a screen reader hears of changes at most this often
const READ_EVERY = 60_000; // what no socket brings is read anew at most this often, and only after a change
const DENIED = new Set([4400, 4403, 4404]); // close codes after which asking again would not help

/** Opened <details> (tables, definitions) stay open, closed ones closed, though the server sends all of them closed. */
function keepDetails() {
  window.htmx?.registerExtension("keep-details", {
    htmx_before_morph_attr: (element, { attrName }) => !(attrName === "open" && element.localName === "details"),
  });
}

function speaker(region) {
  let spokenAt = Date.now();
  let said = "";
  let latest = "";
  let timer = 0;
  const speak = () => {
    timer = 0;
    if (latest === said) return;
    said = latest;
    spokenAt = Date.now();
    region.textContent = latest;
  };
  return (text) => {
    latest = text;
    timer ||= setTimeout(speak, Math.max(0, spokenAt + SPEAK_EVERY - Date.now()));
  };
}

/** What waits for a decision: said when it changes, not when the page opens and not again with every label. */
function teller(region) {
  let told = region?.dataset.liveNotice;
  return (notice) => {
    if (!region || notice === told) return;
    told = notice;
    region.textContent = notice;
  };
}

/** The lower part of the page: asked for again once something changed, unless nobody looks. */
function reader(part) {
  let version = null;
  let timer = 0;
  let readAt = Date.now();
  const read = () => {
    timer = 0;
    if (document.hidden) {
      document.addEventListener("visibilitychange", read, { once: true });
      return;
    }
    readAt = Date.now();
    window.htmx?.trigger(part, "refresh");
  };
  return (now) => {
    const first = version === null;
    if (now === version) return;
    version = now;
    if (!first) timer ||= setTimeout(read, Math.max(0, readAt + READ_EVERY - Date.now()));
  };
}

function onClose(event) {
  const { code, connection } = event.detail;
  if (!DENIED.has(code)) return;
  connection.config.reconnect = false;
  const words = document.querySelector("[data-live] [data-denied]");
  if (!words) return;
  words.textContent = words.dataset.denied;
  words.closest("[data-live]").dataset.over = "";
}

keepDetails();
watchSocket();
const region = document.querySelector("[data-live-summary]");
const more = document.querySelector("#fairness-more");
const readMore = more ? reader(more) : () => {};
const say = region ? speaker(region) : () => {};
const tell = teller(document.querySelector("[data-live-notice]"));
document.addEventListener("htmx:after:ws:message", (event) => {
  const { notice, summary, version } = event.detail.message.json ?? {};
  if (notice) tell(notice);
  if (summary) say(summary);
  if (version !== undefined) readMore(version);
});
document.addEventListener("htmx:ws:close", onClose);

// The live page: what must survive an update that the socket brings, and what the reader is told of it.

const SPEAK_EVERY = 15_000; // a screen reader hears of changes at most this often
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

function onClose(event) {
  const { code, connection } = event.detail;
  if (!DENIED.has(code)) return;
  connection.config.reconnect = false;
  const words = document.querySelector("[data-live] [data-denied]");
  if (words) words.textContent = words.dataset.denied;
}

keepDetails();
const region = document.querySelector("[data-live-summary]");
const say = region ? speaker(region) : () => {};
document.addEventListener("htmx:after:ws:message", (event) => {
  const { summary } = event.detail.message.json ?? {};
  if (summary) say(summary);
});
document.addEventListener("htmx:ws:close", onClose);

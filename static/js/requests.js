// What happens around htmx requests: refusals become toasts, a lost session leads to the login page, a slow answer shows a
// line. base.html tells htmx which status codes are swapped (2xx and 422) and which are not (everything handled here).

import { toast } from "./toasts.js";

const texts = () => document.getElementById("ui-texts")?.dataset ?? {};

/** The sentence of a refusal: the API's JSON, our error templates, or a translated one by status. */
export function messageOf(status, body, type = "") {
  if (type.includes("json")) {
    try {
      const data = JSON.parse(body);
      const message = data.error?.message ?? data.message ?? data.detail;
      if (typeof message === "string") return message;
    } catch {
      // Not the JSON it claimed to be: fall through to the sentence for the status.
    }
  } else if (body) {
    const page = new DOMParser().parseFromString(body, "text/html");
    const found = page.querySelector("[data-error-message]")?.textContent.trim();
    if (found) return found;
  }
  return texts()[`status${status}`] ?? (status >= 500 ? texts().status500 : texts().status400);
}

function swapped(status) {
  return status === 422;
}

function onResponseError(event) {
  const { ctx } = event.detail;
  const { status, headers } = ctx.response;
  if (swapped(status)) return;
  toast("error", messageOf(status, ctx.text, headers.get("content-type") ?? ""));
}

function onResponse(event) {
  const { raw } = event.detail.ctx.response;
  const login = texts().login;
  if (!raw.redirected || !login || new URL(raw.url).pathname !== login) return;
  event.preventDefault();
  const next = encodeURIComponent(location.pathname + location.search);
  location.assign(`${login}?next=${next}`);
}

function onError(event) {
  const { error } = event.detail;
  if (error?.name === "AbortError") return;
  if (error instanceof TypeError) toast("error", texts().network);
}

function watchLoading() {
  let running = 0;
  const show = () => document.documentElement.classList.toggle("is-loading", running > 0);
  document.addEventListener("htmx:before:request", () => {
    running += 1;
    show();
  });
  document.addEventListener("htmx:finally:request", () => {
    running = Math.max(0, running - 1);
    show();
  });
}

export function startRequests() {
  document.addEventListener("htmx:response:error", onResponseError);
  document.addEventListener("htmx:before:response", onResponse);
  document.addEventListener("htmx:error", onError);
  watchLoading();
}

// Requests of the labelling and settling pages to the REST API.

/** The connection failed, or the server is not answering for now: the request may be sent again. */
export class Unreachable extends Error {}

/** The session is over: sign in, then send again. */
export class SignedOut extends Error {}

/** The server understood and refused. */
export class Refused extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const PATIENCE = 20_000;
const LATER = new Set([408, 425, 429]);

function csrfToken() {
  const cookie = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
  return cookie ? cookie[1] : document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
}

/** POST (or GET without a body) and the answer's JSON; throws Unreachable, SignedOut or Refused. */
export async function call(url, body, { headers = {}, method = "POST", keepalive = false } = {}) {
  let answer;
  try {
    answer = await fetch(url, {
      method,
      keepalive,
      credentials: "same-origin",
      headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": csrfToken(), ...headers },
      body: method === "GET" ? undefined : JSON.stringify(body ?? {}),
      signal: keepalive ? undefined : AbortSignal.timeout(PATIENCE),
    });
  } catch (error) {
    throw new Unreachable(String(error));
  }
  if (answer.status >= 500 || LATER.has(answer.status)) throw new Unreachable(String(answer.status));
  let data = null;
  try {
    data = await answer.json();
  } catch {
    if (answer.ok) throw new Unreachable("not JSON"); // a proxy's or a captive portal's page
  }
  if (answer.ok) return data;
  const { code = "", message = "" } = data?.error ?? {};
  if (answer.status === 401 || (answer.status === 403 && ["", "not_authenticated", "permission_denied"].includes(code))) {
    throw new SignedOut(message);
  }
  throw new Refused(answer.status, code, message);
}

/** A new key for one request; sent again with the same key, the request is the same one. */
export function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

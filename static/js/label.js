// The labelling page. It works without this file; with it the next item is there before it is asked for, labels are sent
// behind the scenes and survive a lost connection, and one hand on the keyboard is enough.

import { call, freshKey, Refused } from "./label/api.js";
import { startBreaks } from "./label/break.js";
import * as card from "./label/card.js";
import { Clock } from "./label/clock.js";
import { startKeys } from "./label/keys.js";
import { announce, connection, last } from "./label/notice.js";
import { Outbox } from "./label/outbox.js";
import { Tabs } from "./label/tabs.js";
import { say } from "./label/words.js";
import { Work } from "./label/work.js";
import { toast } from "./toasts.js";

const page = JSON.parse(document.getElementById("label-data").textContent);
const root = document.getElementById("labelling");
const name = `evenhand.label.${page.project}.${page.owner}`;
const schemaId = page.assignment.schema.id;
const url = (id, verb) => `${page.urls.assignment.replace("{id}", id)}${verb}/`;
const GRACE = 30; // seconds that a lease outlives the page, in case it is only reloaded
const KEEP = 20; // labels that can be taken back without asking the server for the item

const work = new Work(page.work);
const clock = new Clock(Math.max(30_000, page.expectedSeconds * 3000));
let current = null; // the assignment on the screen
let first = page.assignment; // the one that came with the page
let ahead = []; // leased, not shown yet
let done = []; // {assignment, value, milliseconds}, the newest last
let shownAt = 0;
let fetching = false;
let working = false;
let sinceSync = 0;

// --- what goes out ---------------------------------------------------------------------------------------------------

const outbox = new Outbox(`${name}.outbox`, perform, {
  sent: onSent,
  refused: onRefused,
  changed: () => {
    connection(outbox);
    const [waiting] = outbox.actions.filter(({ kind }) => kind === "submit").slice(-1);
    if (waiting && outbox.offline) last("offline", say("kept", { label: waiting.label }));
    if (!current && outbox.offline) card.wait(say("waiting"));
    if (!outbox.size && !outbox.offline) refill();
  },
});

function held() {
  return [current?.id, ...ahead.map(({ id }) => id), ...outbox.assignments()].filter(Boolean);
}

function perform({ kind, assignment, key, value, milliseconds, reason }) {
  if (kind === "submit") {
    const body = { value, active_ms: milliseconds, claim_next: true, holding: held() };
    return call(url(assignment, "submit"), body, { headers: { "Idempotency-Key": key } });
  }
  return call(url(assignment, kind), reason ? { reason } : {});
}

function onSent(action, answer) {
  if (action.kind === "submit") {
    last("saved", say("saved", { label: action.label }));
    receive(answer.next, answer.reason);
    sync();
  } else if (action.kind === "undo" && current?.id !== action.assignment && action.unseen) {
    if (current) ahead.unshift(current);
    present(answer, { value: answer.taken_back, again: true });
  }
}

function onRefused(action, error) {
  toast("warning", error.message);
  if (action.kind === "submit") work.count(-1, action.milliseconds);
  if (action.kind === "undo" && !action.unseen) work.count(1, action.milliseconds);
  done = done.filter(({ assignment }) => assignment.id !== action.assignment);
  if (action.kind !== "flag") drop(action.assignment);
}

/** An assignment is no longer ours. */
function drop(id) {
  ahead = ahead.filter((assignment) => assignment.id !== id);
  if (current?.id === id) advance();
}

// --- what comes in ---------------------------------------------------------------------------------------------------

function receive(assignment, reason) {
  if (!assignment) {
    const over = reason && reason !== "holding_enough" && !current && !ahead.length && !outbox.size;
    if (over) location.reload(); // the server's page says what there is to say
    return;
  }
  if (held().includes(assignment.id)) return;
  ahead.push(assignment);
  root.dataset.ahead = ahead.length;
  if (!current) advance();
}

/** Have the next item here before it is needed. */
async function refill() {
  if (!working || fetching || ahead.length || outbox.size) return;
  fetching = true;
  try {
    const answer = await call(page.urls.next, { holding: held() });
    receive(answer.assignment, answer.reason);
  } catch (error) {
    if (error instanceof Refused && !current) location.reload();
  } finally {
    fetching = false;
  }
}

async function sync() {
  sinceSync += 1;
  if (sinceSync < 20 || outbox.size) return;
  sinceSync = 0;
  const summary = await call(page.urls.work, null, { method: "GET" }).catch(() => null);
  if (summary && !outbox.size) work.take(summary);
}

// --- the item on the screen ------------------------------------------------------------------------------------------

function present(assignment, options = {}) {
  if (assignment.schema.id !== schemaId) {
    location.reload(); // the labels on the page are those of another version
    return;
  }
  current = assignment;
  for (const kind of ["skip", "flag"]) {
    const form = root.querySelector(`[data-${kind}-form]`);
    form.action = form.action.replace(/\d+\/(\w+)\/$/, `${assignment.id}/$1/`);
  }
  card.show(assignment, options);
  root.dataset.ahead = ahead.length;
  shownAt = performance.now();
  clock.reset();
  remember();
  offerUndo();
  card.focus();
}

function advance() {
  current = null;
  if (ahead.length) {
    present(ahead.shift());
    return;
  }
  card.wait(say(outbox.offline ? "waiting" : "loading"));
  refill();
}

function submit() {
  if (!current || !working) return;
  const value = card.read();
  if (value === null) return;
  const milliseconds = clock.read();
  const label = card.names(value);
  const assignment = current;
  done = [...done, { assignment, value, milliseconds }].slice(-KEEP);
  work.count(1, milliseconds);
  last("sending", say("sending", { label }));
  announce(done.length === 1 ? say("labelled", { label }) : label);
  current = null;
  outbox.add({ kind: "submit", assignment: assignment.id, key: freshKey(), value, milliseconds, label });
  advance();
}

function undo() {
  if (!working) return undefined;
  const before = done.pop();
  if (!before) {
    if (!page.undoable) return toast("info", say("nothingToUndo"));
    outbox.add({ kind: "undo", assignment: page.undoable, unseen: true });
    page.undoable = null;
    work.count(-1);
    return offerUndo();
  }
  const { assignment, value, milliseconds } = before;
  work.count(-1, milliseconds);
  if (current) ahead.unshift(current);
  ahead = ahead.filter(({ id }) => id !== assignment.id);
  current = null;
  outbox.add({ kind: "undo", assignment: assignment.id, milliseconds });
  last("saved", say("takenBack"));
  announce(say("takenBack"));
  return present(assignment, { value, again: true });
}

function skip(reason) {
  if (!current) return;
  const { id } = current;
  last("saved", say("skipped"));
  announce(say("skipped"));
  current = null;
  outbox.add({ kind: "skip", assignment: id, reason });
  advance();
}

function flag(reason) {
  if (!current) return;
  outbox.add({ kind: "flag", assignment: current.id, reason });
  toast("success", say("flagged"));
  card.focus();
}

function offerUndo() {
  root.querySelector("[data-undo-form]").hidden = !done.length && !page.undoable;
}

// --- what is ticked survives a reload --------------------------------------------------------------------------------

function remember() {
  try {
    const draft = JSON.parse(localStorage.getItem(`${name}.draft`) ?? "null");
    if (draft?.assignment === current.id) card.preselect(draft.ticked);
    else localStorage.removeItem(`${name}.draft`);
  } catch {
    // No storage: a reload starts the item afresh.
  }
}

function keepDraft() {
  if (!current || card.kind() === "one") return;
  try {
    localStorage.setItem(`${name}.draft`, JSON.stringify({ assignment: current.id, ticked: card.ticked() }));
  } catch {
    // As above.
  }
}

// --- leases ----------------------------------------------------------------------------------------------------------

async function renew() {
  if (!working || document.hidden || clock.sinceSign() > page.leaseSeconds * 1000) return;
  for (const assignment of [current, ...ahead].filter(Boolean)) {
    if (outbox.assignments().includes(assignment.id)) continue;
    try {
      await call(url(assignment.id, "renew"));
    } catch (error) {
      if (!(error instanceof Refused)) return;
      if (current?.id === assignment.id) toast("info", say("lost"));
      drop(assignment.id);
    }
  }
}

function leave() {
  if (!working) return;
  const waiting = outbox.assignments();
  for (const assignment of [current, ...ahead].filter(Boolean)) {
    if (waiting.includes(assignment.id)) continue;
    call(url(assignment.id, "release"), { grace_seconds: GRACE }, { keepalive: true }).catch(() => {});
  }
}

// --- care ------------------------------------------------------------------------------------------------------------

/** Kept with the account, for all projects; where it cannot be reached, the choice lasts as long as the page. */
function preferBlur(blur) {
  const proposed = page.care.blurProposed ? "project" : "always";
  call(page.urls.preferences, { blur: blur ? proposed : "never" }, { method: "PATCH" }).catch(() => {});
}

// --- beginning -------------------------------------------------------------------------------------------------------

function takeUp() {
  working = true;
  root.querySelector("[data-elsewhere]").hidden = true;
  for (const part of parts()) part.hidden = false;
  outbox.recall();
  if (current) card.focus();
  else if (!first || outbox.assignments().includes(first.id)) advance();
  else present(first, { value: first.taken_back, again: first.taken_back !== null });
  first = null;
  outbox.start(); // and, with nothing to send, fetch the item after this one
  setTimeout(renew, 3000); // in case the page before has just given the item up
}

function standAside() {
  working = false;
  outbox.stop();
  current = first = null; // the other tab goes on with them
  ahead = [];
  root.querySelector("[data-elsewhere]").hidden = false;
  for (const part of parts()) part.hidden = true;
}

const parts = () => root.querySelectorAll("[data-card], [data-form], [data-bar]");

function onForms() {
  const take = (selector, act) => {
    root.querySelector(selector).addEventListener("submit", (event) => {
      event.preventDefault();
      act(event);
    });
  };
  const withReason = (act) => (event) => {
    const reason = event.submitter?.name === "reason" ? event.submitter.value : event.target.elements.other.value.trim();
    if (!reason) return event.target.elements.other.focus();
    event.target.reset();
    event.target.closest("details").open = false;
    return act(reason);
  };
  take("[data-form]", submit);
  take("[data-undo-form]", undo);
  take("[data-skip-form]", withReason(skip));
  take("[data-flag-form]", withReason(flag));
  card.form.addEventListener("change", keepDraft);
}

card.form.noValidate = true;
onForms();
card.startHiding(page.care.blur, preferBlur);
startBreaks(page.care.breakMinutes, { rest: () => clock.hold() });
startKeys({ submit, undo, ready: () => working && current !== null, shownAt: () => shownAt });
root.querySelector("[data-here]").addEventListener("click", () => tabs.here());
addEventListener("pagehide", leave);
addEventListener("pageshow", (event) => event.persisted && renew());
setInterval(renew, Math.max(20_000, Math.min(60_000, (page.leaseSeconds * 1000) / 3)));
const tabs = new Tabs(name, { takeUp, standAside });

// The one that sends: a single tab at a time, record by record, until the office has acknowledged each.

import { announce, find, note, records, settle } from "./outbox.js";
import { get, put } from "./store.js";

const SECOND = 1000;
const LONGEST_WAIT = 300 * SECOND;
const LONGEST_HOLD = 3600 * SECOND;
const PATIENCE = 30 * SECOND;
const EVERY = 60 * SECOND;
const FAILURES = 3; // in a row: then the way itself is closed, not one record

const ADDRESSES = {
  visit: ({ uuid }) => `/api/v1/visits/${uuid}`,
  timing: ({ uuid }) => `/api/v1/timings/${uuid}`,
  practice: ({ uuid }) => `/api/v1/practice/${uuid}`,
  photo: ({ uuid, visit, shows }) => `/api/v1/visits/${visit}/photos/${uuid}?kind=${shows}`,
};

let inLine;
let urged = false;
let alarm;

// Send on load, when the network or the page comes back, every minute, and when a record says that it is time.
export function keepSending() {
  addEventListener("online", () => flush({ urgent: true }));
  document.addEventListener("visibilitychange", () => document.hidden || flush());
  setInterval(flush, EVERY);
  return flush({ urgent: true });
}

// Send what is due; urgently, whatever has just failed is tried again at once.
export function flush({ urgent = false } = {}) {
  urged ||= urgent;
  inLine ??= navigator.locks.request("outbox", async () => {
    inLine = undefined;
    const now = urged;
    urged = false;
    await round(now);
  });
  return inLine;
}

async function round(urgent) {
  const waiting = (await records()).filter((record) => record.state === "waiting");
  if (waiting.length === 0 || (await held(urgent))) return;
  const session = await whoIsSignedIn();
  if (!session) return;
  const own = waiting.filter((record) => record.person === session.person && (urgent || isDue(record)));
  let failures = 0;
  for (const record of own) {
    if (await isBehind(record)) continue;
    const went = await send(record, session);
    if (went === "stop") return;
    failures = went === "failed" ? failures + 1 : 0;
    if (failures === FAILURES) break;
  }
  await wakeForTheNext();
}

// A photograph goes after its visit.
async function isBehind({ visit }) {
  return visit && ["waiting", "attention"].includes((await find(visit))?.state);
}

const isDue = (record) => !isAhead(record.next_at, LONGEST_WAIT);

// Ahead of now, and not by more than can be meant: a clock that was moved back holds nothing up.
function isAhead(moment, most) {
  const wait = (moment ?? 0) - Date.now();
  return wait > 0 && wait <= most;
}

async function held(urgent) {
  const hold = await get("facts", "hold");
  // What the office has asked for holds whoever is in a hurry; our own pause does not.
  if (!isAhead(hold?.until, LONGEST_HOLD) || (urgent && !hold.asked)) return false;
  wake(hold.until - Date.now());
  return true;
}

// Who is signed in, with a fresh token; null where nobody is or nobody of ours answers.
async function whoIsSignedIn() {
  const answer = await ask("/api/v1/session");
  if (answer.status === 200 && Number.isInteger(answer.body?.person)) {
    await road("open");
    return answer.body;
  }
  if (answer.status === 401) {
    await road("signed out");
    return null;
  }
  await closeRoad(answer);
  return null;
}

async function closeRoad(answer) {
  const tries = (await get("facts", "road"))?.tries;
  const until = Date.now() + (answer.retryAfter || pause(tries));
  await put("facts", { key: "hold", until, asked: Boolean(answer.retryAfter) });
  await road(answer.status ? "busy" : "closed");
  wake(until - Date.now());
}

// What the way to the office is like.
async function road(state) {
  const before = await get("facts", "road");
  await put("facts", { key: "road", state, tries: state === "open" ? 0 : (before?.tries ?? 0) + 1 });
  if (before?.state !== state) announce();
}

async function send(record, session) {
  const answer = await deliver(record, session);
  const verdict = judge(answer, record.uuid);
  switch (verdict) {
    case "stored":
      await settle(record, answer.body);
      return "sent";
    case "conflict":
      await note(record, { state: "conflict", problem: told(answer), receipt: answer.body.receipt });
      return "sent";
    case "attention":
      // Another person may have signed in since the round began: then the refusal was not meant for this one.
      if (answer.status !== 422 && (await whoIsSignedIn())?.person !== record.person) return "stop";
      await note(record, { state: "attention", problem: told(answer) });
      return "sent";
    case "signed out":
      await road("signed out");
      return "stop";
    case "hold":
      await later(record, answer);
      await closeRoad(answer);
      return "stop";
    default:
      await later(record, answer);
      return "failed";
  }
}

async function deliver(record, session) {
  const answer = await hand(record, session.csrf_token);
  if (answer.status !== 400 || answer.body?.code !== "stale_token") return answer;
  const again = await whoIsSignedIn();
  return again?.person === record.person ? hand(record, again.csrf_token) : { status: 401 };
}

function hand(record, token) {
  const headers = { "Content-Type": record.picture?.type ?? "application/json", "X-CSRFToken": token };
  if (record.revision) headers["If-Match"] = `"${record.revision}"`;
  const body = record.picture ?? JSON.stringify(record.body);
  return ask(ADDRESSES[record.kind](record), { method: "PUT", headers, body });
}

// What an answer means for a record. Only an answer that names the record is the office's own: a network that asks to
// be paid first, or a proxy, answers in the office's name.
export function judge({ status, body }, uuid) {
  if (status === 401) return "signed out";
  if (status === 413) return "attention";
  if (status === 429 || status === 503) return "hold";
  const ours = body?.uuid === uuid;
  if (!ours || body.code === "stale_token") return "again";
  if (status === 200 || status === 201) return "stored";
  // Not stored as a record, but kept at the office all the same.
  if (["conflict", "withdrawn"].includes(body.status)) return "conflict";
  return [400, 403, 404, 409, 410, 422].includes(status) ? "attention" : "again";
}

function told({ status, body }) {
  return { status, code: body?.code ?? "", message: body?.message ?? "", errors: body?.errors ?? [] };
}

async function later(record, answer) {
  const next_at = Date.now() + (answer.retryAfter || pause(record.tries));
  await note(record, { tries: (record.tries ?? 0) + 1, next_at });
}

// 1 to 300 seconds, twice as long each time, and never the same for two phones.
export function pause(tries = 0) {
  const most = Math.min(LONGEST_WAIT, 2 ** (tries + 1) * SECOND);
  return Math.max(SECOND, most * (0.5 + Math.random() / 2));
}

// Status and JSON of an answer; status 0 where nobody answered.
async function ask(address, options = {}) {
  try {
    const answer = await fetch(address, {
      ...options,
      headers: { Accept: "application/json", ...options.headers },
      cache: "no-store",
      credentials: "same-origin",
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE),
    });
    const body = await answer.json().catch(() => null);
    return { status: answer.status, body, retryAfter: secondsOf(answer.headers.get("Retry-After")) };
  } catch {
    return { status: 0, body: null, retryAfter: 0 };
  }
}

// Milliseconds of a Retry-After, which is seconds or a date.
function secondsOf(header) {
  if (!header) return 0;
  const wait = /^\d+$/.test(header) ? Number(header) * SECOND : Date.parse(header) - Date.now();
  return Math.min(Math.max(wait || 0, 0), LONGEST_HOLD);
}

async function wakeForTheNext() {
  const waiting = (await records()).filter((record) => record.state === "waiting" && record.tries);
  const next = Math.min(...waiting.map((record) => record.next_at));
  if (Number.isFinite(next)) wake(next - Date.now());
}

function wake(wait) {
  clearTimeout(alarm);
  alarm = setTimeout(flush, Math.min(Math.max(wait, SECOND), LONGEST_HOLD));
}

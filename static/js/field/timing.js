// The timing form on a phone: up to four customers at a time, each with moments of its own, handed in one by one.

import { watchClock } from "./clocks.js";
import { Draft } from "./drafts.js";
import { handIn, leaveFor, passes, savedPage, showRefusal, watchConfirmed } from "./filling.js";
import { clockOf, dayOf, instantsOf, isoOf, readClock } from "./instants.js";
import { find } from "./outbox.js";
import { useNotes } from "./prefill.js";
import { all, get, put, works } from "./store.js";
import { Stopwatch, length, runningLength, ticksOf } from "./stopwatch.js";
import { fill, make, phone } from "./words.js";

const MOST_LANES = 4;
const MOST_DIGITS = 7;
const SECOND = 1000;

const form = document.querySelector("form[data-rules]");
const rules = JSON.parse(form.dataset.rules);
const texts = JSON.parse(form.dataset.texts);
const assignment = Number(form.dataset.assignment);
const { zone } = rules;
const hall = `hall/${phone.person}/${assignment}`;
const lanes = new Map(); // number -> Draft
const watch = new Stopwatch(form, zone, texts, () => keep());
let lane = 1;
let busy = false;

if (await works()) await open();

async function open() {
  await resume();
  watchConfirmed(form);
  form.addEventListener("input", keep);
  form.addEventListener("submit", submit);
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  form.querySelector("[data-more-lanes]").addEventListener("click", () => start(free()));
  await watchClock(tellMoved);
  setInterval(showClocks, SECOND);
  await useNotes("timing", lanes.get(lane), { form, zone, texts, watch });
}

// Customers that were being timed, or a timing that is to be changed, else a new one.
async function resume() {
  for (const kept of await all("drafts")) {
    const number = kept.lane;
    if (kept.key === keyOf(number)) lanes.set(number, draftOf(number, kept));
  }
  const record = await find(location.hash.slice("#change=".length));
  if (document.querySelector(".error-summary")) takeErrors();
  else if (record?.person === phone.person) await change(record);
  else if (lanes.size) use(Math.min(...lanes.keys()));
  else await start(1);
}

function keyOf(number) {
  return `${phone.person}/timing/${assignment}/${number}`;
}

function draftOf(number, held) {
  const { label } = form.dataset;
  const origin = { kind: "timing", person: phone.person, assignment, label, path: location.pathname, version: rules.version, lane: number };
  const draft = new Draft(form, keyOf(number), origin);
  if (held) draft.held = held;
  return draft;
}

// A page that came back with errors holds the newest answers itself.
function takeErrors() {
  const draft = draftOf(free());
  draft.begin();
  draft.take({ ...draft.held, uuid: form.dataset.uuid, fields: [...new FormData(form)] });
  lanes.set(draft.origin.lane, draft);
  use(draft.origin.lane);
}

async function change(record) {
  const draft = draftOf(free());
  draft.take(record);
  draft.held.lane = draft.origin.lane;
  // What was changed before the page was loaded again is newer than the record.
  const begun = [...lanes.values()].find(({ held }) => held.uuid === record.uuid);
  if (!begun) lanes.set(draft.origin.lane, draft);
  use((begun ?? draft).origin.lane);
  if (record.problem) showRefusal(form, record.problem, texts);
}

// Never one that is taken: a timing that is to be changed may be a fifth.
function free() {
  let number = 1;
  while (lanes.has(number)) number += 1;
  return number;
}

// A new customer; what is so in the hall, and that one is observing, was said with the last one.
async function start(number) {
  await lanes.get(lane)?.keep();
  const draft = draftOf(number);
  draft.begin();
  const said = await get("facts", hall);
  const today = dayOf(Date.now(), zone);
  draft.held.fields = [["day", today], ...(said?.day === today ? said.fields : [])];
  draft.held.taps = {};
  lanes.set(number, draft);
  use(number);
  if (lanes.size > 1) form.scrollIntoView();
}

function use(number) {
  lane = number;
  const draft = lanes.get(number);
  draft.take(draft.held);
  draft.held.taps ??= {};
  watch.use(draft.held.taps);
  showLanes();
  tellOfClock();
}

async function keep() {
  const draft = lanes.get(lane);
  draft.held.taps = watch.taps;
  await draft.keep();
  showLanes();
}

async function choose(number) {
  if (number === lane) return;
  await keep();
  use(number);
  form.querySelector(`[data-lane="${number}"]`).focus();
}

function showLanes() {
  const place = form.querySelector(".lanes");
  const keys = [...lanes.keys()].sort().map((number) => {
    const shown = make("button", { type: "button", class: "btn btn-outline-dark lane", "data-lane": number, "aria-pressed": String(number === lane) });
    const named = make("span", { class: "visually-hidden" }, fill(texts.customer, { number }));
    shown.append(named, make("span", { "aria-hidden": "true" }, number), make("small", { "data-lane-clock": number }));
    shown.addEventListener("click", () => choose(number));
    return shown;
  });
  place.replaceChildren(...keys);
  place.hidden = lanes.size < 2;
  form.querySelector("[data-more-lanes]").hidden = lanes.size >= MOST_LANES;
  showClocks();
}

function showClocks() {
  watch.showClock();
  for (const clock of form.querySelectorAll("[data-lane-clock]")) {
    const taps = lanes.get(Number(clock.dataset.laneClock)).held.taps ?? {};
    const over = taps.ended || taps.left ? "✓" : "";
    clock.textContent = runningLength(taps) || over;
  }
}

// The clock was moved: whoever is being timed just now has times that do not go together.
function tellMoved(by) {
  for (const draft of lanes.values()) {
    const { joined, ended, left } = draft.held.taps ?? {};
    if (joined && !ended && !left) draft.held.clock_moved = (draft.held.clock_moved ?? 0) + by;
  }
  lanes.get(lane).keep();
  tellOfClock();
}

function tellOfClock() {
  const by = lanes.get(lane).held.clock_moved;
  const notice = form.querySelector("[data-clock]");
  notice.hidden = !by;
  if (by) notice.textContent = fill(by < 0 ? texts.clock_back : texts.clock_ahead, { length: length(Math.abs(by)) });
}

async function submit(event) {
  event.preventDefault();
  if (busy || !passes(form, check(), texts)) return;
  busy = true;
  const key = form.querySelector(".sticky-bar button");
  key.textContent = texts.saving;
  try {
    const draft = lanes.get(lane);
    const [{ receipt, problem }] = await Promise.all([handIn(draft, body()), rememberHall()]);
    if (problem) {
      draft.ended = false;
      await choose(draft.origin.lane);
      showRefusal(form, problem, texts);
    } else await goOn(draft, receipt);
  } catch {
    // The phone did not keep it: the form's own way is left.
    form.submit();
  }
  busy = false;
  key.textContent = texts.send;
}

// To the next customer who is being timed, else to the receipt.
async function goOn(draft, receipt) {
  const { uuid } = draft.held;
  const number = draft.origin.lane; // another one may be in sight by now
  if (lanes.size === 1) {
    return leaveFor(receipt ? `/timings/${uuid}` : savedPage(uuid), form, texts);
  }
  const said = fill(receipt ? texts.lane_stored : texts.lane_saved, { number, receipt: receipt?.receipt ?? "" });
  lanes.delete(number);
  if (lane === number) use(Math.min(...lanes.keys()));
  else showLanes();
  const notice = form.querySelector("[data-told]");
  notice.hidden = false;
  notice.textContent = said;
  form.scrollIntoView();
}

async function rememberHall() {
  const kept = ["mode", "x_windows_total", "x_queue_kind", "x_day_flag"];
  const fields = [...new FormData(form)].filter(([name, given]) => kept.includes(name) && given);
  if (value("mode") === "observed") await put("facts", { key: hall, day: value("day"), fields });
}

function value(name) {
  return String(new FormData(form).get(name) ?? "").trim();
}

// The instants of all events that have a readable time: the tap's own, or what was typed.
function events(wrong = () => {}) {
  const found = {};
  for (const code of rules.events) {
    const typed = value(`at_${code}`);
    if (!typed) continue;
    const clock = readClock(typed);
    const tapped = watch.taps[code];
    const day = value("day");
    if (tapped && clockOf(tapped.wall, zone) === clock && dayOf(tapped.wall, zone) === day) found[code] = tapped.wall;
    else if (!clock) wrong(`at_${code}`, texts.no_time);
    else {
      const instants = instantsOf(day || dayOf(Date.now(), zone), clock, zone);
      if (instants.length === 1) [found[code]] = instants;
      else wrong(`at_${code}`, instants.length ? texts.twice : texts.no_such_time, { time: clock, day });
    }
  }
  return found;
}

function check() {
  const problems = [];
  const wrong = (field, message, values = {}) => problems.push({ field, message: fill(message, values) });
  const outcome = rules.outcomes[value("outcome")];
  const found = events(wrong);
  if (!value("mode")) wrong("mode", texts.no_mode);
  if (!value("day")) wrong("day", texts.no_day);
  else if (!(rules.opens <= value("day") && value("day") <= rules.closes)) wrong("day", texts.outside_wave);
  if (!outcome) wrong("outcome", texts.no_outcome);
  else checkOutcome(outcome, found, problems, wrong);
  checkOrder(found, wrong);
  for (const each of rules.context) checkContext(each, outcome, wrong);
  if (value("receipt_time") && !readClock(value("receipt_time"))) wrong("receipt_time", texts.no_time);
  return { problems, questions: problems.length ? [] : questions(found) };
}

function checkOutcome(outcome, found, problems, wrong) {
  const unreadable = new Set(problems.map(({ field }) => field));
  for (const code of rules.events) {
    if (unreadable.has(`at_${code}`)) continue;
    if (outcome.needs.includes(code) && !(code in found)) wrong(`at_${code}`, texts.missing_event[code]);
    if (code in found && ![...outcome.needs, ...outcome.may].includes(code)) wrong(`at_${code}`, texts.unexpected_event[code]);
  }
  if (outcome.reached_window && !value("operation")) wrong("operation", texts.no_operation);
  if (rules.operations[value("operation")]?.describe && !value("operation_text")) wrong("operation_text", texts.no_operation_text);
  if (outcome.reason && !value("reason")) wrong("reason", texts.no_reason);
}

function checkOrder(found, wrong) {
  const told = new Set();
  for (const { first, last, message } of texts.out_of_order) {
    if (!(first in found && last in found) || found[last] >= found[first] || told.has(last)) continue;
    told.add(last);
    wrong(`at_${last}`, message, { first: clockOf(found[first], zone), last: clockOf(found[last], zone) });
  }
}

function checkContext(each, outcome, wrong) {
  const given = new FormData(form).getAll(each.field).filter(Boolean);
  if (given.length === 0) {
    if (outcome?.context && each.required_in.includes(value("mode"))) wrong(each.field, texts.missing_context[each.type]);
  } else if (each.type === "number") {
    const number = wholeNumber(value(each.field));
    const most = wholeNumber(value(`x_${each.at_most}`));
    if (number === null || number < each.low || number > each.high) wrong(each.field, texts.bad_number, each);
    else if (most !== null && number > most) wrong(each.field, texts.too_many, { value: number, most });
  }
}

function wholeNumber(typed) {
  return /^\d+$/.test(typed) && typed.length <= MOST_DIGITS ? Number(typed) : null;
}

// What is possible but unlikely.
function questions(found) {
  const asked = [];
  for (const [code, at] of Object.entries(found)) {
    // The phone's clock may be the one that is wrong; the office asks its own.
    if (at <= Date.now() + rules.limits.future_seconds * SECOND) continue;
    asked.push({ field: `at_${code}`, message: fill(texts.in_future, { time: clockOf(at, zone), now: clockOf(Date.now(), zone) }) });
  }
  const seconds = (first, last) => (found[last] === undefined || found[first] === undefined ? null : Math.floor(found[last] / SECOND) - Math.floor(found[first] / SECOND));
  const end = value("outcome") === rules.censored ? "left" : "called";
  const wait = seconds("joined", end);
  if (wait !== null && wait > rules.limits.wait_seconds) asked.push({ field: `at_${end}`, message: fill(texts.long_wait, { length: length(wait * SECOND) }) });
  const operation = rules.operations[value("operation")];
  const service = seconds("started", "ended");
  if (operation && service !== null) {
    const each = service / Math.max(wholeNumber(value("x_items")) || 1, 1);
    const values = { length: length(service * SECOND), low: length(operation.low * SECOND), high: length(operation.high * SECOND) };
    if (each < operation.low || each > operation.high) asked.push({ field: "at_ended", message: fill(texts.unusual_service, values) });
  }
  return asked;
}

// What is sent; what is not known is left out.
function body() {
  const found = events();
  const stamped = Object.fromEntries(Object.entries(watch.taps).filter(([code, { wall }]) => found[code] === wall));
  const receipt = readClock(value("receipt_time"));
  return {
    assignment,
    timing_form: lanes.get(lane).held.version,
    mode: value("mode"),
    outcome: value("outcome"),
    operation: value("operation"),
    operation_text: value("operation_text"),
    reason: value("reason"),
    entry_method: Object.keys(stamped).length === Object.keys(found).length ? "stopwatch" : "manual",
    events: Object.fromEntries(Object.entries(found).map(([code, at]) => [code, isoOf(at, zone)])),
    ticks: ticksOf(stamped),
    context: Object.fromEntries(rules.context.map(contextOf).filter(([, given]) => given !== null && given.length !== 0)),
    receipt_at: receipt ? isoOf(instantsOf(value("day"), receipt, zone)[0], zone) : null,
    confirmed: form.elements.namedItem("confirmed").checked,
  };
}

function contextOf({ code, field, type }) {
  if (type === "number") return [code, wholeNumber(value(field)) ?? []];
  return [code, type === "choices" ? new FormData(form).getAll(field) : value(field)];
}

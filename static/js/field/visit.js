// The visit form on a phone: counts what is left, keeps every answer, says what is missing before anything is sent.

import { askDistance, showDistance } from "./distance.js";
import { Draft } from "./drafts.js";
import { handIn, leaveFor, passes, recordOf, savedPage, showRefusal, watchConfirmed } from "./filling.js";
import { clockOf, dayOf, instantsOf, isoOf, readClock } from "./instants.js";
import { useNotes } from "./prefill.js";
import { all, get, works } from "./store.js";
import { fill, phone } from "./words.js";

const FUTURE = 5 * 60_000; // how far a phone's clock may be ahead
const MOST_DIGITS = 7;

const form = document.querySelector("form[data-rules]");
const rules = JSON.parse(form.dataset.rules);
const texts = JSON.parse(form.dataset.texts);
const kind = form.dataset.kind;
const assignment = Number(form.dataset.assignment);
const zone = rules.zone || Intl.DateTimeFormat().resolvedOptions().timeZone;
const draft = new Draft(form, `${phone.person}/${kind}/${assignment}`, {
  kind,
  person: phone.person,
  assignment,
  label: form.dataset.label,
  path: location.pathname,
  version: rules.version,
  photos: rules.photos,
});
let busy = false;
const touched = new Set(); // names of fields

form.addEventListener("input", ({ target }) => {
  touched.add(target.name);
  show();
});
show();
if (await works()) await open();

async function open() {
  if (await isHandedIn()) return;
  const came = Boolean(document.querySelector(".error-summary"));
  const record = await recordOf(phone.person, kind, assignment);
  const kept = await get("drafts", draft.key);
  if (came) begin(form.elements.namedItem("id").value);
  // What was changed before the page was loaded again is newer than the record.
  else if (record) draft.take(kept?.uuid === record.uuid ? kept : record);
  else if (await draft.resume()) tellRestored();
  else begin();
  if (await isOfAnotherVersion()) return;
  if (record?.problem && !came) showRefusal(form, record.problem, texts);
  watchConfirmed(form);
  form.addEventListener("input", () => draft.keep());
  form.addEventListener("submit", submit);
  document.addEventListener("visibilitychange", () => document.hidden || catchUp());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  if (rules.branch_at) askDistance(form, rules.branch_at, texts);
  await useNotes("visit", draft, { form, zone, texts });
  if (touched.size) await draft.keep();
  show();
}

function begin(uuid) {
  draft.begin();
  if (uuid) draft.take({ ...draft.held, uuid, fields: [...new FormData(form)] });
  // A page that was kept on the phone says the day on which it was kept.
  else if (!touched.has("day")) form.elements.namedItem("day").value = dayOf(Date.now(), zone);
}

// A visit that waits, or is stored, is not recorded a second time; one that waits can still be changed.
async function isHandedIn() {
  const record = await recordOf(phone.person, kind, assignment);
  const waits = record && record.state !== "attention" && !location.hash.startsWith("#change");
  const receipts = kind === "visit" ? await all("receipts") : [];
  const stored = receipts.find((one) => one.person === phone.person && one.kind === kind && one.assignment === assignment);
  const uuid = waits ? record.uuid : stored?.uuid;
  if (uuid) location.replace(savedPage(uuid));
  return Boolean(uuid);
}

// A draft stays with the version of the checklist that it was begun under, if that can be had.
async function isOfAnotherVersion() {
  const { version } = draft.held;
  if (!version || version === rules.version) return false;
  const address = `${location.pathname}?version=${version}`;
  if (`${location.pathname}${location.search}` !== address) {
    location.replace(address);
    return true;
  }
  draft.held.version = rules.version;
  tell(texts.other_version);
  return false;
}

// Another tab may have gone on with this form, or handed it in.
async function catchUp() {
  if (draft.ended || (await isHandedIn())) return;
  const kept = (await all("drafts")).find(({ key }) => key === draft.key);
  if (kept && kept.saved_at !== draft.held.saved_at) {
    draft.take(kept);
    show();
    showDistance(form, texts);
  }
}

async function submit(event) {
  event.preventDefault();
  if (busy || !passes(form, check(), texts)) return;
  busy = true;
  form.querySelector(".sticky-bar button").textContent = texts.saving;
  try {
    const { receipt, problem } = await handIn(draft, body());
    if (problem) return reopen(problem);
    await leaveFor(receipt && kind === "visit" ? `/visits/${receipt.uuid}` : savedPage(draft.held.uuid), form, texts);
  } catch {
    // The phone did not keep it: the form's own way is left.
    form.submit();
  }
}

function reopen(problem) {
  busy = false;
  draft.ended = false;
  form.querySelector(".sticky-bar button").textContent = texts.send;
  showRefusal(form, problem, texts);
}

function value(name) {
  return String(new FormData(form).get(name) ?? "").trim();
}

// What the checklist asks after these answers.
function asked() {
  const open = new Set();
  for (const item of rules.items) {
    const rule = item.shown_if;
    if (!rule || (open.has(rule.item) && rule.answers.includes(value(`q_${rule.item}`)))) open.add(item.code);
  }
  return rules.items.filter((item) => open.has(item.code) && item.asked);
}

function check() {
  const problems = [];
  const questions = [];
  const wrong = (field, message, values = {}) => problems.push({ field, message: fill(message, values) });
  const ask = (message, values) => questions.push({ field: "confirmed", message: fill(message, values) });
  const outcome = value("outcome");
  if (!outcome) wrong("outcome", texts.no_outcome);
  checkTimes(wrong, ask);
  const failed = [];
  for (const item of outcome === "done" ? asked() : []) checkItem(item, wrong, failed);
  if (failed.length && !value("narrative")) wrong("narrative", texts.no_narrative, { items: failed.join(", ") });
  checkReceipt(wrong);
  const gaps = outcome === "done" ? asked().filter((item) => !value(item.field)).map((item) => item.code) : [];
  if (gaps.length) ask(texts.unanswered, { items: gaps.join(", "), percent: rules.min_answered_percent });
  return { problems, questions };
}

function checkTimes(wrong, ask) {
  const day = value("day");
  if (!day) wrong("day", texts.no_day);
  else if (rules.opens && !(rules.opens <= day && day <= rules.closes)) wrong("day", texts.outside_wave);
  const came = checkTime("started_at", texts.no_started, wrong);
  const left = checkTime("left_at", texts.no_left, wrong);
  const last = Math.max(came, left);
  // The phone's clock may be the one that is wrong; the office asks its own.
  if (last > Date.now() + FUTURE) ask(texts.in_future, { time: minuteOf(last), now: minuteOf(Date.now()) });
  if (came !== null && left !== null && left < came) wrong("left_at", texts.out_of_order);
}

const minuteOf = (at) => clockOf(at, zone).slice(0, "00:00".length);

// The instant of a clock time, null where there is none.
function checkTime(name, missing, wrong) {
  const typed = value(name);
  const clock = readClock(typed);
  if (!clock) {
    wrong(name, typed ? texts.no_time : missing);
    return null;
  }
  const day = value("day");
  const found = instantsOf(day || dayOf(Date.now(), zone), clock, zone);
  if (found.length !== 1) wrong(name, found.length ? texts.twice : texts.no_such_time, { time: clock, day });
  return found.length === 1 ? found[0] : null;
}

function checkItem(item, wrong, failed) {
  const answer = value(item.field);
  const values = { item: item.code, low: item.low, high: item.high };
  if (!answer && item.required) wrong(item.field, texts.no_answer, values);
  if (answer && item.type === "number") {
    const number = wholeNumber(answer);
    if (number === null || number < item.low || number > item.high) wrong(item.field, texts.bad_number, values);
  }
  const commented = item.comment_on && value(`c_${item.code}`);
  if (item.comment_on && answer === item.comment_on && !commented) wrong(`c_${item.code}`, texts.no_comment, values);
  if (item.failing.includes(answer) && !item.comment_on) failed.push(item.code);
}

function checkReceipt(wrong) {
  const number = value("window_no");
  if (number && !(wholeNumber(number) >= 1 && wholeNumber(number) <= rules.most_windows)) wrong("window_no", texts.bad_window);
  if (value("receipt_time") && !readClock(value("receipt_time"))) wrong("receipt_time", texts.no_time);
  if (value("receipt_tail") && !/^[0-9A-Za-z]{1,6}$/.test(value("receipt_tail"))) wrong("receipt_tail", texts.bad_tail);
}

function wholeNumber(typed) {
  return /^\d+$/.test(typed) && typed.length <= MOST_DIGITS ? Number(typed) : null;
}

// What is sent; what is not known is left out.
function body() {
  // Where nothing is asked, what was answered before is out of sight and is not meant.
  const items = value("outcome") === "done" ? asked() : [];
  const given = items.filter((item) => value(item.field));
  const instant = (name) => isoOf(instantsOf(value("day"), readClock(value(name)), zone)[0], zone);
  return {
    assignment,
    checklist: draft.held.version,
    outcome: value("outcome"),
    started_at: instant("started_at"),
    left_at: instant("left_at"),
    answers: Object.fromEntries(
      given.map((item) => [item.code, item.type === "number" ? wholeNumber(value(item.field)) : value(item.field)]),
    ),
    comments: Object.fromEntries(
      items.filter((item) => value(`c_${item.code}`)).map((item) => [item.code, value(`c_${item.code}`)]),
    ),
    narrative: value("narrative"),
    window_no: wholeNumber(value("window_no")),
    receipt_time: value("receipt_time") && readClock(value("receipt_time")),
    receipt_tail: value("receipt_tail"),
    distance_m: wholeNumber(value("distance_m")),
    incidents: new FormData(form).getAll("incidents"),
    confirmed: form.elements.namedItem("confirmed").checked,
    filling: draft.filling(),
  };
}

// The questions that are asked, and how many of them are left.
function show() {
  const open = new Set(asked().map((item) => item.code));
  const left = new Map();
  for (const item of rules.items.filter((each) => each.asked)) {
    const control = form.querySelector(`[name="${item.field}"]`);
    const box = control?.closest(".field");
    if (!box) continue;
    box.hidden = !open.has(item.code);
    if (open.has(item.code) && !value(item.field)) left.set(item.section, (left.get(item.section) ?? 0) + 1);
  }
  for (const chip of form.querySelectorAll("[data-left]")) {
    chip.textContent = left.get(chip.dataset.left) ?? chip.dataset.none;
  }
  const all = [...left.values()].reduce((sum, one) => sum + one, 0);
  const line = form.querySelector("[data-left-all]");
  const nothingAsked = form.querySelector(".asks-nothing:checked");
  line.textContent = nothingAsked ? "" : all ? `${line.dataset.some} ${all}` : line.dataset.none;
}

function tellRestored() {
  const notice = document.querySelector("[data-restored]");
  notice.hidden = false;
  notice.querySelector("button").addEventListener("click", async () => {
    await draft.discard();
    location.reload();
  });
}

function tell(sentence) {
  const notice = document.querySelector("[data-notice]");
  notice.hidden = false;
  notice.append(sentence);
}

// What is on this phone: records that wait, forms begun, receipts; each with its state, the reason, and what can be done.

import { discard, draftsOf, putBack } from "./drafts.js";
import { flush } from "./flusher.js";
import { note, onChange, standing } from "./outbox.js";
import { all, get, works } from "./store.js";
import { fill, make, moment, phone, say } from "./words.js";

const SHOWN_RECEIPTS = 10;
const place = document.querySelector("[data-queue]");
const texts = JSON.parse(place.dataset.queue);
const download = document.querySelector("[data-download]");

if (await works()) {
  onChange(show);
  await show();
  download.addEventListener("click", saveFile);
}

async function show() {
  const now = await standing(phone.person);
  const drafts = await draftsOf(phone.person);
  const removed = (await all("outbox")).filter(({ person, state }) => person === phone.person && state === "removed");
  const road = (await get("facts", "road"))?.state;
  const unsent = [...now.attention, ...now.waiting, ...now.conflicts];
  const parts = [
    ...section(texts.unsent, unsent.map((record) => entry(record, road))),
    ...section(texts.begun, drafts.filter((draft) => !draft.discarded_at).map(draftEntry)),
    ...section(texts.removed, [...removed.map(restorable), ...drafts.filter((draft) => draft.discarded_at).map(restorableDraft)]),
    ...section(texts.sent, now.receipts.slice(0, SHOWN_RECEIPTS).map(receiptEntry)),
  ];
  if (unsent.length === 0) parts.unshift(make("p", { class: "lead" }, texts.nothing));
  place.replaceChildren(...parts);
  download.hidden = unsent.length === 0;
}

function section(title, entries) {
  return entries.length ? [make("h2", {}, title), make("ul", { class: "outbox-list" }, ...entries)] : [];
}

function entry(record, road) {
  const state = record.state === "waiting" && record.tries ? "again" : record.state;
  const kind = state === "attention" ? "status-bad" : state === "conflict" ? "status-warning" : "status-info";
  const keys = make("div", { class: "outbox-keys" });
  if (record.state === "waiting") keys.append(key(say("send_now"), () => flush({ urgent: true })));
  if (record.kind !== "photo" && record.state !== "conflict") keys.append(link(`${record.path}#change=${record.uuid}`, texts.change));
  if (record.kind === "photo" || record.state !== "waiting") keys.append(key(texts.remove, () => put(record, { state: "removed", was: record.state, removed_at: Date.now() })));
  const reason = record.problem?.message || (road === "signed out" && record.state === "waiting" ? say("signed_out") : texts.reasons[state]);
  const lines = [
    make("p", {}, make("span", { class: `status ${kind}` }, texts.states[record.state])),
    make("p", {}, reason),
    ...(record.problem?.errors ?? []).map(({ message }) => make("p", { class: "muted" }, message)),
  ];
  if (record.receipt) lines.push(make("p", {}, `${texts.code} `, make("strong", {}, record.receipt)));
  return listed(record, record.saved_at, lines, keys);
}

function restorable(record) {
  return listed(record, record.saved_at, [], key(texts.put_back, () => put(record, { state: record.was })));
}

function restorableDraft(draft) {
  return listed(draft, draft.saved_at, [], key(texts.put_back, () => putBack(draft)));
}

function draftEntry(draft) {
  const keys = make("div", { class: "outbox-keys" }, link(draft.path, texts.go_on), key(texts.discard, () => discard(draft)));
  return listed(draft, draft.saved_at, [], keys);
}

function receiptEntry(receipt) {
  const line = make("p", {}, `${texts.code} `, make("strong", {}, receipt.receipt));
  return listed(receipt, receipt.sent_at, [line], null);
}

function listed(thing, at, lines, keys) {
  const title = make("h3", {}, `${texts.kinds[thing.kind]}: ${thing.label}`);
  return make("li", {}, title, make("p", { class: "muted" }, fill(texts.since, { time: moment(at) })), ...lines, keys);
}

function link(href, words) {
  return make("a", { class: "btn btn-outline-dark btn-sm", href }, words);
}

function key(words, act) {
  const made = make("button", { type: "button", class: "btn btn-outline-dark btn-sm" }, words);
  made.addEventListener("click", act);
  return made;
}

async function put(record, changes) {
  await note(record, changes);
  await show();
}

// A record as the file has it.
async function written({ uuid, kind, revision, body, visit, shows, picture }) {
  if (!picture) return { uuid, kind, revision, body };
  return { uuid, kind, body: { visit, shows, picture: await inText(picture) } };
}

function inText(picture) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(picture);
  });
}

// The file that another device can hand in.
async function saveFile() {
  const now = await standing(phone.person);
  const unsent = [...now.waiting, ...now.attention, ...now.conflicts].filter(({ kind }) => kind !== "practice");
  // Photographs follow their visits.
  unsent.sort((one, other) => (one.kind === "photo") - (other.kind === "photo"));
  const records = await Promise.all(unsent.map(written));
  const file = { format: "pilot_eval unsent records", version: 1, person: phone.person, records };
  const address = URL.createObjectURL(new Blob([JSON.stringify(file, null, 1)], { type: "application/json" }));
  const stamp = new Date().toISOString().slice(0, 16).replace(/[:T]/g, "-");
  make("a", { href: address, download: `unsent-${stamp}.json` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

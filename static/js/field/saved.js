// One record that was saved on this phone: waiting, then stored with its receipt, or refused.

import { find, onChange } from "./outbox.js";
import { takePhotos } from "./photos.js";
import { get, works } from "./store.js";
import { fill, make, moment, say } from "./words.js";

const place = document.querySelector("[data-saved]");
const texts = JSON.parse(place.dataset.saved);
const title = document.title;
const uuid = new URLSearchParams(location.search).get("record") ?? "";
let about;

if (await works()) {
  onChange(show);
  await show();
  const stored = () => {};
  takePhotos(
    document.querySelector("[data-photo-form]"),
    () => ({ visit: uuid, assignment: about.assignment, label: about.label, path: location.pathname + location.search }),
    stored,
  );
}

async function show() {
  const record = await find(uuid);
  const receipt = record ? null : await get("receipts", uuid);
  const state = record ? record.state : receipt ? "stored" : "gone";
  about = record ?? receipt ?? { kind: "visit" };
  const heading = texts.headings[state === "stored" && about.kind === "practice" ? "practised" : state];
  document.querySelector("main h1").textContent = heading;
  document.title = title.replace(/^.*(?= – )/, heading);
  place.replaceChildren(...parts(state, record, receipt));
  document.querySelector("[data-photos]").hidden = !about.photos || !["waiting", "attention", "stored"].includes(state);
}

function parts(state, record, receipt) {
  const shown = [make("p", { class: "lead" }, texts[state === "stored" && about.kind === "practice" ? "practised" : state])];
  if (about.label) shown.push(make("p", {}, make("strong", {}, about.label)));
  const code = receipt?.receipt ?? (state === "conflict" ? record.receipt : "");
  if (code && about.kind !== "practice") {
    shown.push(make("p", {}, `${texts.code} `, make("strong", { class: "receipt-code" }, code)));
  }
  if (record?.problem?.message) shown.push(make("p", {}, record.problem.message));
  if (record) shown.push(make("p", { class: "muted" }, fill(texts.since, { time: moment(record.saved_at) })));
  if (state === "attention" || state === "waiting") shown.push(make("p", {}, make("a", { href: `${record.path}#change=${record.uuid}` }, texts.change)));
  return shown;
}

// On every page of the field: what waits to be sent, and the sending itself.

import { clearDrafts } from "./drafts.js";
import { flush, keepSending } from "./flusher.js";
import { watchSignOut } from "./leaving.js";
import { beginOf, clearNotes, endOf, unused } from "./notebook.js";
import { clearAway, onChange, standing } from "./outbox.js";
import { installWorker } from "./pages.js";
import { get, works } from "./store.js";
import { counted, make, moment, phone, say } from "./words.js";

const HOUR = 3600 * 1000;
const LONG = 24 * HOUR;
const TOO_LONG = 72 * HOUR; // some browsers throw away what has not been looked at for a week

const line = document.querySelector("[data-phone]");

if (await works()) {
  onChange(show);
  await show();
  setInterval(show, HOUR / 60);
  if (phone.person) {
    installWorker();
    watchSignOut();
    await clearAway();
    await clearDrafts();
    await clearNotes();
    keepSending();
  }
}

async function show() {
  const now = await standing(phone.person);
  const road = (await get("facts", "road"))?.state;
  const parts = phone.person ? ownParts(now, road) : [];
  if (phone.person) parts.push(...(await reminders()));
  if (now.others) parts.push(make("p", {}, counted(phone.person ? "others" : "anybody", now.others)));
  fill(parts);
  line.hidden = parts.length === 0;
  const age = now.waiting.length ? Date.now() - now.oldest : 0;
  line.classList.toggle("outbox-line-old", age > LONG);
  line.classList.toggle("outbox-line-lost", age > TOO_LONG);
}

// Only what has changed is said again, and a key that holds the focus keeps it.
function fill(parts) {
  const fresh = make("div", {}, ...parts);
  if (fresh.innerHTML === line.innerHTML) return;
  const held = line.contains(document.activeElement);
  line.replaceChildren(...fresh.children);
  if (held) line.querySelector("button, a")?.focus();
}

function ownParts(now, road) {
  const parts = [];
  if (now.waiting.length) {
    parts.push(make("p", {}, `${say("waiting", { what: listed(now.waiting) })} ${reason(road)}`.trim()));
    if (Date.now() - now.oldest > TOO_LONG) parts.push(make("p", {}, say("too_long")));
    else if (Date.now() - now.oldest > LONG) parts.push(make("p", {}, say("long")));
  } else if (now.receipts.length) {
    const { sent_at, receipt } = now.receipts[0];
    parts.push(make("p", {}, say("all_sent", { time: moment(sent_at), receipt })));
  }
  if (now.attention.length) parts.push(make("p", {}, make("strong", {}, counted("attention", now.attention.length))));
  if (now.conflicts.length) parts.push(make("p", {}, counted("conflicts", now.conflicts.length)));
  if (parts.length) parts.push(keys(now, road));
  return parts;
}

// Times from pocket mode whose visit has still to be filled in.
async function reminders() {
  const sets = (await unused(phone.person)).filter(isOver).map((set) => [set, formOf(set)]);
  const elsewhere = sets.filter(([set, form]) => form !== location.pathname || !set.assignment);
  return elsewhere.map(([set, form]) => {
    const said = say(Date.now() - endOf(set) > LONG ? "notes_late" : "notes", { moment: moment(beginOf(set)) });
    const way = form === location.pathname ? null : make("a", { href: form }, say("to_notes"));
    return make("p", {}, `${said} `, way);
  });
}

function formOf({ assignment }) {
  return assignment ? phone.addresses.visit.replace("{number}", assignment) : phone.addresses.list;
}

function isOver(set) {
  return set.taps.left || Date.now() - endOf(set) > HOUR;
}

function keys(now, road) {
  const keys = make("p", { class: "outbox-line-keys" });
  if (now.waiting.length && road === "signed out") {
    keys.append(make("a", { href: `${phone.addresses.sign_in}?next=${encodeURIComponent(location.pathname)}` }, say("sign_in")));
  } else if (now.waiting.length) {
    const key = make("button", { type: "button", class: "plain-button" }, say("send_now"));
    key.addEventListener("click", () => flush({ urgent: true }));
    keys.append(key);
  }
  if (location.pathname !== phone.addresses.queue) {
    keys.append(make("a", { href: phone.addresses.queue }, say("to_queue")));
  }
  return keys;
}

function reason(road) {
  return { closed: say("no_connection"), busy: say("busy"), "signed out": say("signed_out") }[road] ?? "";
}

// "2 visits, 1 timing".
export function listed(records) {
  return ["visit", "timing", "photo", "practice"]
    .map((kind) => [kind, records.filter((record) => record.kind === kind).length])
    .filter(([, num]) => num > 0)
    .map(([kind, num]) => counted(kind, num))
    .join(", ");
}

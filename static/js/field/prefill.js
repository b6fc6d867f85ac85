// Times that were tapped in pocket mode, brought into the form of their visit.

import { clockOf, dayOf } from "./instants.js";
import { beginOf, discardSet, endOf, giveTo, putSetBack, unusedFor } from "./notebook.js";
import { fill, make, moment, phone } from "./words.js";

const DAY = 24 * 3600 * 1000;
const MOST_OFFERED = 3;

// Notes for this very assignment are taken over at once into an empty form; others are offered.
export async function useNotes(kind, draft, paper) {
  if (draft.held.notes) return;
  const sets = await unusedFor(kind, phone.person, draft.held.assignment);
  const own = sets.find((set) => set.assignment === draft.held.assignment);
  if (own && !draft.held.saved_at) return takeOver(kind, draft, own, paper);
  const { texts } = paper;
  const keys = sets.slice(0, MOST_OFFERED).map((set) => {
    const key = make("button", { type: "button", class: "btn btn-outline-dark btn-sm" }, fill(texts.use_notes, spanOf(set, paper.zone)));
    key.addEventListener("click", () => takeOver(kind, draft, set, paper));
    return key;
  });
  if (keys.length) tell(make("p", {}, texts.notes_there), ...keys, putAway(kind, draft, sets, paper));
}

// Times that belong to no visit: they are put away with one tap, and back with another.
function putAway(kind, draft, sets, paper) {
  const { texts } = paper;
  const away = make("button", { type: "button", class: "plain-button" }, texts.put_notes_away);
  away.addEventListener("click", async () => {
    for (const { id } of sets) await discardSet(id);
    const back = make("button", { type: "button", class: "plain-button" }, texts.put_notes_back);
    back.addEventListener("click", async () => {
      for (const { id } of sets) await putSetBack(id);
      await useNotes(kind, draft, paper);
    });
    tell(make("p", {}, texts.notes_away), back);
    back.focus();
  });
  return away;
}

async function takeOver(kind, draft, set, { form, zone, texts, watch }) {
  const { taps } = set;
  const put = (name, given) => given && (form.elements.namedItem(name).value = given);
  draft.held.notes = set.id;
  put("day", dayOf(beginOf(set), zone));
  if (kind === "visit") {
    put("started_at", taps.came && clockOf(taps.came.wall, zone));
    put("left_at", taps.left && clockOf(taps.left.wall, zone));
  } else {
    form.querySelector("[name=mode][value=own_visit]").checked = true;
    watch.use(contactOf(taps));
  }
  const late = Date.now() - endOf(set) > DAY;
  tell(make("p", {}, fill(texts.notes_used, spanOf(set, zone))), late ? make("p", {}, texts.notes_late) : null);
  await giveTo(set.id, draft.held.assignment);
  await draft.keep();
}

// Leaving the branch is the end of a contact only for whoever never reached the window.
function contactOf({ joined, called, started, ended, left }) {
  const contact = { joined, called, started, ended, left: called ? undefined : left };
  return Object.fromEntries(Object.entries(contact).filter(([, tapped]) => tapped));
}

// By the clock of the branch, as the form has it.
function spanOf(set, zone) {
  return { first: moment(beginOf(set), zone), last: moment(endOf(set), zone) };
}

function tell(...parts) {
  const notice = document.querySelector("[data-notes]");
  notice.hidden = false;
  notice.replaceChildren(...parts.filter(Boolean));
}

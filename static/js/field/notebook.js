// Times noted in the pocket, set by set: for whom they are comes later.

import { all, asked, within } from "./store.js";

const HOUR = 3600 * 1000;
const DAY = 24 * HOUR;
const VISIT = 3 * HOUR; // longer than any: what is tapped after that is of another one
export const EVENTS = ["came", "joined", "called", "started", "ended", "left"];

// The set that is being tapped, for an assignment or (null) for one that will be known later.
export async function openSet(person, assignment) {
  const last = (await setsOf(person)).find((set) => !set.closed && !set.used.visit);
  const same = last && (assignment === null || last.assignment === null || last.assignment === assignment);
  if (same && Date.now() - beginOf(last) < VISIT) return { ...last, assignment: last.assignment ?? assignment };
  return { id: crypto.randomUUID(), person, assignment, taps: {}, used: {} };
}

// Note a moment of a set, or take it back (null). Whatever another tab has written of the set in the meantime stays.
export async function note(set, code, moment) {
  await within(["notes"], "readwrite", async (at) => {
    const kept = (await asked(at("notes").get(set.id))) ?? set;
    const { [code]: _before, ...taps } = kept.taps;
    await asked(at("notes").put({ ...kept, taps: moment ? { ...taps, [code]: moment } : taps }));
  });
}

// A person's sets that hold something, newest first.
export async function setsOf(person) {
  const found = (await all("notes")).filter((set) => set.person === person && Object.keys(set.taps).length);
  return found.sort((one, other) => beginOf(other) - beginOf(one));
}

export const beginOf = (set) => Math.min(...Object.values(set.taps).map(({ wall }) => wall));
export const endOf = (set) => Math.max(...Object.values(set.taps).map(({ wall }) => wall));

// Sets that wait for their visit.
export async function unused(person) {
  return (await setsOf(person)).filter((set) => !set.used.visit && !set.discarded_at);
}

// Sets whose times the form of that kind can take over: those for its assignment, and those for none yet.
export async function unusedFor(kind, person, assignment) {
  const fits = (set) => set.assignment === null || set.assignment === assignment;
  return (await setsOf(person)).filter((set) => !set.used[kind] && !set.discarded_at && fits(set));
}

// From now on it is known for which assignment they are.
export const giveTo = (id, assignment) => change(id, (set) => ({ ...set, assignment, closed: true }));

// A record of that kind with these times has been handed in.
export const use = (id, kind) => change(id, (set) => ({ ...set, closed: true, used: { ...set.used, [kind]: true } }));

// The next tap begins another one.
export const closeSet = (id) => change(id, (set) => ({ ...set, closed: true }));

export const discardSet = (id) => change(id, (set) => ({ ...set, closed: true, discarded_at: Date.now() }));
export const putSetBack = (id) => change(id, ({ discarded_at, ...set }) => set);

async function change(id, changed) {
  await within(["notes"], "readwrite", async (at) => {
    const set = await asked(at("notes").get(id));
    if (set) await asked(at("notes").put(changed(set)));
  });
}

// Sets go when nothing more can come of them.
export async function clearNotes() {
  await within(["notes"], "readwrite", async (at) => {
    for (const set of await asked(at("notes").getAll())) {
      const age = Date.now() - endOf(set);
      const over = (set.used.visit && (set.used.timing || age > 7 * DAY)) || Date.now() - set.discarded_at > DAY;
      if (over) await asked(at("notes").delete(set.id));
    }
  });
}

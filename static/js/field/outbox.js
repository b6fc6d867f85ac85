// Records that wait to be sent, first in first out, and the receipts of those that were.
//
// A record: uuid, kind (visit, timing, practice, photo), person, assignment, label, path (of its form), body (what is
// sent), fields (what the form held), state, saved_at; of a visit photos (whether any are asked for); of a photo
// visit, shows and picture in place of body and fields. States:
//   waiting    to be sent
//   attention  the office has refused it; its form tells why
//   conflict   the office has kept it beside another one
//   removed    put away by its auditor, for a day

import { all, asked, within } from "./store.js";

const DAY = 24 * 3600 * 1000;
const MOST_RECEIPTS = 200;

const channel = new BroadcastChannel("outbox");
const listeners = new Set();
channel.onmessage = () => listeners.forEach((listener) => listener());

// Call `listener` whenever something about the outbox has changed, in whichever tab.
export function onChange(listener) {
  listeners.add(listener);
}

export function announce() {
  channel.postMessage("changed");
  listeners.forEach((listener) => listener());
}

// Keep a record, in place of an earlier form of it; its draft is gone with the same stroke.
export async function keep(record, draftKey) {
  await within(["outbox", "drafts"], "readwrite", async (at) => {
    const earlier = await asked(at("outbox").index("uuid").get(record.uuid));
    const place = earlier ? { n: earlier.n } : {};
    // The stamp tells this form of the record from one that is on its way just now.
    const fresh = { ...record, ...place, state: "waiting", stamp: crypto.randomUUID(), tries: 0, next_at: 0 };
    await asked(at("outbox").put(fresh));
    if (draftKey) await asked(at("drafts").delete(draftKey));
  });
  announce();
}

export const records = () => all("outbox");

export async function find(uuid) {
  return within(["outbox"], "readonly", (at) => asked(at("outbox").index("uuid").get(uuid)));
}

// Change a record unless it has been replaced or has gone in the meantime.
export async function note(record, changes) {
  await within(["outbox"], "readwrite", async (at) => {
    const now = await asked(at("outbox").get(record.n));
    if (now?.stamp === record.stamp) await asked(at("outbox").put({ ...now, ...changes }));
  });
  announce();
}

// The office has it: only its receipt stays. A newer form of the same record stays too, and is sent in its turn.
export async function settle(record, answer) {
  await within(["outbox", "receipts"], "readwrite", async (at) => {
    const now = await asked(at("outbox").get(record.n));
    if (now?.stamp === record.stamp) await asked(at("outbox").delete(record.n));
    const { uuid, kind, person, assignment, label, photos, path } = record;
    const { receipt, received_at } = answer;
    const sent_at = new Date().toISOString();
    await asked(at("receipts").put({ uuid, kind, person, assignment, label, photos, path, receipt, received_at, sent_at }));
    await forget(at("receipts"));
  });
  announce();
}

async function forget(shelf) {
  const kept = await asked(shelf.getAll());
  kept.sort((one, other) => other.sent_at.localeCompare(one.sent_at));
  for (const { uuid } of kept.slice(MOST_RECEIPTS)) await asked(shelf.delete(uuid));
}

// What was put away a day ago goes for good.
export async function clearAway() {
  await within(["outbox"], "readwrite", async (at) => {
    for (const record of await asked(at("outbox").getAll())) {
      if (record.state === "removed" && Date.now() - record.removed_at > DAY) {
        await asked(at("outbox").delete(record.n));
      }
    }
  });
}

// How things stand for a person (null: for whoever it may be).
export async function standing(person) {
  const kept = (await records()).filter((record) => record.state !== "removed");
  const own = kept.filter((record) => record.person === person);
  const waiting = own.filter((record) => record.state === "waiting");
  const receipts = (await all("receipts")).filter((receipt) => receipt.person === person);
  receipts.sort((one, other) => other.sent_at.localeCompare(one.sent_at));
  return {
    waiting,
    attention: own.filter((record) => record.state === "attention"),
    conflicts: own.filter((record) => record.state === "conflict"),
    others: kept.filter((record) => record.person !== person && record.state === "waiting").length,
    oldest: Math.min(...waiting.map((record) => Date.parse(record.saved_at))),
    receipts,
  };
}

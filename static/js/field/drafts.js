// Drafts of forms: each answer is kept on the phone as it is given, and outlives a closed page and a killed browser.

import { ownIso } from "./instants.js";
import { announce } from "./outbox.js";
import { all, asked, get, put, within } from "./store.js";

const DAY = 24 * 3600 * 1000;
const AWAY = "discarded/"; // put away by its auditor, for a day

// A form's draft on this phone.
export class Draft {
  // `key` is where it is kept, `origin` what every draft of this form has in common.
  constructor(form, key, origin) {
    this.form = form;
    this.key = key;
    this.origin = origin;
    this.shownSince = document.hidden ? null : performance.now();
    document.addEventListener("visibilitychange", () => this.countTime());
  }

  begin() {
    this.held = { key: this.key, ...this.origin, uuid: crypto.randomUUID(), opened_at: ownIso(), seconds: 0 };
    this.form.elements.namedItem("id").value = this.held.uuid;
  }

  // Take up what was kept; false where nothing was.
  async resume() {
    const kept = await get("drafts", this.key);
    if (kept) this.take(kept);
    return Boolean(kept);
  }

  // Go on with a draft, or with a record that was handed in already.
  take(kept) {
    const { n, state, was, stamp, tries, next_at, removed_at, body, problem, receipt, ...held } = kept;
    this.held = { ...this.origin, ...held, key: this.key };
    fillIn(this.form, held.fields ?? []);
    this.form.elements.namedItem("id").value = held.uuid;
  }

  // Keep the form as it is now; what changes while the disk is still writing is written after that, once.
  keep() {
    this.changed = true;
    this.writing ??= this.write().finally(() => (this.writing = undefined));
    return this.writing;
  }

  async write() {
    while (this.changed && !this.ended) {
      this.changed = false;
      this.countTime();
      this.held = { ...this.held, fields: fieldsOf(this.form), saved_at: ownIso() };
      await put("drafts", this.held);
    }
  }

  async discard() {
    this.ended = true;
    await discard(this.held);
  }

  // Seconds with the form in sight, by the steady clock: a wall clock that is moved changes nothing.
  countTime() {
    const now = performance.now();
    if (this.shownSince !== null && this.held) this.held.seconds += (now - this.shownSince) / 1000;
    this.shownSince = document.hidden ? null : now;
  }

  filling() {
    return { opened_at: this.held.opened_at, finished_at: ownIso(), seconds: Math.round(this.held.seconds) };
  }
}

export function fieldsOf(form) {
  return [...new FormData(form)].filter(([name]) => name !== "csrf_token" && name !== "id");
}

export function fillIn(form, fields) {
  for (const control of form.querySelectorAll("input, select, textarea")) {
    if (control.type === "radio" || control.type === "checkbox") control.checked = false;
    else if (control.type !== "hidden" || control.matches("[data-stamp], [data-tick]")) control.value = "";
  }
  for (const [name, value] of fields) {
    for (const control of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (control.type === "radio" || control.type === "checkbox") control.checked ||= control.value === value;
      else control.value = value;
    }
  }
}

// A person's drafts, those put away among them.
export async function draftsOf(person) {
  return (await all("drafts")).filter((draft) => draft.person === person && draft.saved_at);
}

export async function discard(draft) {
  const away = { ...draft, key: AWAY + draft.key, discarded_at: Date.now() };
  await move(draft.key, draft.saved_at ? away : null);
}

export async function putBack(draft) {
  const { discarded_at, ...back } = draft;
  await move(draft.key, { ...back, key: draft.key.slice(AWAY.length) });
}

// What was put away a day ago goes for good.
export async function clearDrafts() {
  await within(["drafts"], "readwrite", async (at) => {
    for (const { key, discarded_at } of await asked(at("drafts").getAll())) {
      if (Date.now() - discarded_at > DAY) await asked(at("drafts").delete(key));
    }
  });
}

async function move(key, draft) {
  await within(["drafts"], "readwrite", async (at) => {
    await asked(at("drafts").delete(key));
    if (draft) await asked(at("drafts").put(draft));
  });
  announce();
}

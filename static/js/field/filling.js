// Handing in a form: what is wrong is said first; then it is kept on the phone until the office has it.

import { fieldsOf } from "./drafts.js";
import { flush } from "./flusher.js";
import { ownIso } from "./instants.js";
import { use } from "./notebook.js";
import { find, keep, records } from "./outbox.js";
import { clearProblems, showProblems } from "./problems.js";
import { get } from "./store.js";
import { make, phone } from "./words.js";

const AT_ONCE = 4000; // ms that a person waits for the office before going on without it

// Hand in: keep the record on the phone, try to send it, and tell where the person is to go on:
// {receipt} where the office has it, {problem} where it refused, {} where it waits.
export async function handIn(draft, body) {
  draft.countTime();
  const { key, fields: _before, ...held } = draft.held;
  const record = { ...held, body, fields: fieldsOf(draft.form), saved_at: ownIso(), problem: null };
  draft.ended = true;
  await keep(record, key);
  if (record.notes) await use(record.notes, record.kind);
  navigator.storage?.persist?.();
  await sendNow();
  // As long as it is on the phone, a receipt is that of an earlier form of it, sent while this one was being written.
  const left = await find(record.uuid);
  if (left) return left.state === "attention" ? { problem: left.problem } : {};
  return { receipt: await get("receipts", record.uuid) };
}

// Try to send what waits; nobody is held up by it for long.
export function sendNow() {
  return Promise.race([flush({ urgent: true }), new Promise((resolve) => setTimeout(resolve, AT_ONCE))]);
}

// The refusal of the office, shown in the form that it refused.
export function showRefusal(form, problem, texts) {
  const found = problem.errors.length ? problem.errors : [{ field: "", message: problem.message || texts.refused }];
  if (problem.code === "unconfirmed") askToConfirm(form);
  showProblems(form, found, texts);
}

// A confirmation holds for what it was given to: whatever is changed afterwards is asked about anew.
export function watchConfirmed(form) {
  const confirmed = form.elements.namedItem("confirmed");
  form.addEventListener("input", ({ target }) => {
    if (target.name && target !== confirmed) confirmed.checked = false;
  });
}

// The question whether what is odd is right, in sight from now on.
export function askToConfirm(form) {
  form.querySelector(".odd").hidden = false;
}

// The record of this person's that fits, newest first.
export async function recordOf(person, kind, assignment) {
  const found = (await records()).filter(
    (record) => record.person === person && record.kind === kind && record.assignment === assignment,
  );
  return found.findLast((record) => record.state !== "removed");
}

// Show problems and questions; whether the form may be handed in.
export function passes(form, { problems, questions }, texts) {
  const confirmed = form.elements.namedItem("confirmed").checked;
  if (problems.length === 0 && (questions.length === 0 || confirmed)) {
    clearProblems(form);
    return true;
  }
  if (questions.length) askToConfirm(form);
  showProblems(form, [...problems, ...questions], texts);
  return false;
}

// On to a page; where nobody brings it and the phone has not kept it yet, the form itself says that all is well.
export async function leaveFor(page, form, texts) {
  if (await opens(page)) return location.assign(page);
  form.replaceWith(make("p", { class: "notice notice-success", role: "status", tabindex: "-1", "data-kept": true }, texts.kept));
  document.querySelector("[data-kept]").focus();
}

async function opens(page) {
  const { pathname } = new URL(page, location.href);
  if (navigator.serviceWorker?.controller && (await caches.match(pathname))) return true;
  return fetch(page, { method: "HEAD" }).then(() => true, () => false);
}

export const savedPage = (uuid) => `${phone.addresses.saved}?record=${uuid}`;

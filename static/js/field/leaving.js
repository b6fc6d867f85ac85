// Signing out: what has not been sent is told first, and the pages of whoever leaves are gone from the phone.

import { standing } from "./outbox.js";
import { forgetPages } from "./pages.js";
import { phone, say } from "./words.js";

const left = (now) => now.waiting.length + now.attention.length;

// The key on every page asks first; the key on the page that asks does it.
export function watchSignOut() {
  for (const form of document.querySelectorAll("form[data-sign-out]")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const unsent = left(await standing(phone.person));
      if (unsent && form.dataset.signOut !== "all the same") location.assign(phone.addresses.leaving);
      else await signOut(form);
    });
  }
}

async function signOut(form) {
  try {
    const answer = await fetch(form.action, { method: "POST", body: await fresh(form) });
    if (!answer.ok) throw new Error(answer.statusText);
    await forgetPages();
    location.assign(phone.addresses.sign_in);
  } catch {
    document.querySelector("[data-phone]").hidden = false;
    document.querySelector("[data-phone]").replaceChildren(say("sign_out_needs_connection"));
  }
}

// A kept page holds an old token.
async function fresh(form) {
  const body = new FormData(form);
  const answer = await fetch("/api/v1/session", { headers: { Accept: "application/json" }, cache: "no-store" });
  const session = answer.ok ? await answer.json() : {};
  if (session.csrf_token) body.set("csrf_token", session.csrf_token);
  return body;
}

// The list of visits: what stands in it opens without a signal too, and says what is on the phone already.

import { draftsOf } from "./drafts.js";
import { onChange, records } from "./outbox.js";
import { keepPages } from "./pages.js";
import { works } from "./store.js";
import { make, phone } from "./words.js";

const list = document.querySelector("[data-saved]");

if (list && (await works())) {
  onChange(mark);
  await mark();
}
const forms = [...document.querySelectorAll("a[data-keep]")].map((link) => new URL(link.href).pathname);
await keepPages([...phone.kept, ...forms]);

async function mark() {
  const saved = (await records()).filter((record) => record.person === phone.person && record.state !== "removed");
  const begun = (await draftsOf(phone.person)).filter((draft) => !draft.discarded_at);
  for (const card of list.querySelectorAll("[data-assignment]")) {
    const own = ({ kind, assignment }) => kind === "visit" && assignment === Number(card.dataset.assignment);
    const state = saved.some(own) ? list.dataset.saved : begun.some(own) ? list.dataset.begun : "";
    card.querySelector("[data-on-phone]")?.remove();
    if (!state) continue;
    const label = make("span", { class: "status status-info", "data-on-phone": true }, state);
    card.querySelector(".visit-when").prepend(label);
  }
}

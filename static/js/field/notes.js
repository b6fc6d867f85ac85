// Pocket mode: one key for each moment of a visit, tapped without looking.

import { now } from "./clocks.js";
import { closeSet, EVENTS, note, openSet } from "./notebook.js";
import { works } from "./store.js";
import { make, phone } from "./words.js";

const place = document.querySelector("[data-times]");
const texts = JSON.parse(place.dataset.times);
const clock = new Intl.DateTimeFormat(phone.language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
let set;

if (await works()) {
  await begin();
  for (const code of EVENTS) place.append(line(code));
  show();
  setInterval(tick, 1000);
  document.querySelector("[data-afresh]").addEventListener("click", afresh);
}

async function begin() {
  const assignment = Number(location.hash.slice(1)) || history.state?.assignment || null;
  set = await openSet(phone.person, assignment);
  // Nobody who looks over a shoulder reads it in the address; a page that is loaded again still knows it.
  history.replaceState({ assignment }, "", location.pathname);
}

function line(code) {
  const key = make("button", { type: "button", "data-event": code }, make("span", {}, texts[code]), make("time"));
  const undo = make("button", { type: "button", class: "undo", "aria-label": `${texts.undo}: ${texts[code]}` }, "↶");
  key.addEventListener("click", () => tap(code));
  undo.addEventListener("click", () => untap(code));
  return make("li", {}, key, undo);
}

async function tap(code) {
  if (set.taps[code]) return;
  set.taps[code] = now();
  await note(set, code, set.taps[code]);
  navigator.vibrate?.(40);
  show();
}

async function untap(code) {
  delete set.taps[code];
  await note(set, code, null);
  show();
  place.querySelector(`[data-event=${code}]`).focus();
}

async function afresh() {
  if (Object.keys(set.taps).length) await closeSet(set.id);
  history.replaceState(null, "", location.pathname);
  await begin();
  show();
}

function show() {
  for (const key of place.querySelectorAll("[data-event]")) {
    const tapped = set.taps[key.dataset.event];
    key.setAttribute("aria-pressed", String(Boolean(tapped)));
    key.querySelector("time").textContent = tapped ? clock.format(tapped.wall) : "";
    key.nextElementSibling.hidden = !tapped;
  }
  tick();
}

function tick() {
  document.querySelector("[data-clock]").textContent = clock.format(Date.now());
}

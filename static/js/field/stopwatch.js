// Keys that stamp moments by tapping. What is shown is worked out from the stored moments, never counted up, so that a
// locked phone, a reload or an empty battery loses nothing.

import { now, since } from "./clocks.js";
import { clockOf, dayOf } from "./instants.js";
import { make } from "./words.js";

const SECOND = 1000;

export class Stopwatch {
  // `changed()` is called after every tap, undone or typed over.
  constructor(form, zone, texts, changed) {
    Object.assign(this, { form, zone, texts, changed });
    this.taps = {};
    this.inputs = [...form.querySelectorAll("input[data-event]")];
    this.keys = new Map(this.inputs.map((input) => [input.dataset.event, this.build(input)]));
    form.querySelector(".stopwatch").hidden = false;
  }

  build(input) {
    const code = input.dataset.event;
    const key = make("button", { type: "button", class: "btn btn-outline-dark stopwatch-key" }, input.dataset.label, make("time"));
    const undo = make("button", { type: "button", class: "btn btn-outline-dark stopwatch-undo" }, this.texts.undo);
    undo.setAttribute("aria-label", `${this.texts.undo}: ${input.dataset.label}`);
    this.form.querySelector(".stopwatch-keys").append(make("li", { class: "stopwatch-step" }, key, undo));
    key.addEventListener("click", () => this.tap(code));
    undo.addEventListener("click", () => this.untap(code));
    input.addEventListener("input", () => this.typedOver(code));
    return { key, undo, input };
  }

  // The moments of another customer.
  use(taps) {
    this.taps = taps;
    this.form.querySelector(".typed-times").open = this.inputs.some((input) => input.value && !taps[input.dataset.event]);
    this.show();
  }

  tap(code) {
    if (this.taps[code]) return;
    this.taps[code] = now();
    navigator.vibrate?.(40);
    this.show();
    this.changed();
  }

  untap(code) {
    delete this.taps[code];
    this.write(code, "", "", "");
    navigator.vibrate?.([20, 60, 20]);
    this.show();
    this.changed();
    this.keys.get(code).key.focus();
  }

  // The form's own fields stay in charge: a time typed by hand replaces its tap.
  typedOver(code) {
    delete this.taps[code];
    this.write(code, this.keys.get(code).input.value, "", "");
    this.show();
  }

  show() {
    let next = true;
    for (const [code, { key, undo, input }] of this.keys) {
      const tapped = this.taps[code];
      if (tapped) this.write(code, clockOf(tapped.wall, this.zone), tapped.wall, tapped.tick);
      key.setAttribute("aria-pressed", String(Boolean(tapped)));
      key.querySelector("time").textContent = tapped ? clockOf(tapped.wall, this.zone) : "";
      undo.hidden = !tapped;
      const isNext = next && !tapped && !input.value;
      key.classList.toggle("btn-primary", isNext);
      key.classList.toggle("btn-outline-dark", !isNext);
      if (isNext) next = false;
    }
    const walls = Object.values(this.taps).map((tapped) => tapped.wall);
    if (walls.length) this.form.elements.namedItem("day").value = dayOf(Math.min(...walls), this.zone);
    this.showClock();
  }

  showClock() {
    const { started } = this.taps;
    const shown = runningLength(this.taps);
    const said = started ? this.texts.serving : this.texts.waiting;
    this.form.querySelector(".stopwatch-clock").textContent = shown ? `${said}: ${shown}` : "";
  }

  write(code, typed, stamp, tick) {
    this.keys.get(code).input.value = typed;
    this.form.querySelector(`[data-stamp="${code}"]`).value = stamp;
    this.form.querySelector(`[data-tick="${code}"]`).value = tick;
  }
}

// How long the wait, or the service, has lasted: "3:05"; nothing where neither goes on.
export function runningLength({ joined, called, started, ended, left }) {
  if (ended || left) return "";
  if (started) return length(since(started));
  return joined && !called ? length(since(joined)) : "";
}

// "3:05", "1:03:05".
export function length(ms) {
  const part = (number) => String(number).padStart(2, "0");
  const seconds = Math.floor(ms / SECOND);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${part(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${part(minutes % 60)}:${part(seconds % 60)}`;
}

// Of the taps' steady readings those that compare with one another: the life with the most.
export function ticksOf(taps) {
  const entries = Object.entries(taps);
  const ofLife = (life) => entries.filter(([, tapped]) => tapped.life === life);
  const lives = entries.map(([, { life }]) => ofLife(life)).sort((one, other) => other.length - one.length);
  return Object.fromEntries((lives[0] ?? []).map(([code, { tick }]) => [code, tick]));
}

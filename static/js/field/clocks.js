// Two clocks: the wall clock, which people and networks move, and the steady one, which only ever goes on.

import { get, put } from "./store.js";

const SECOND = 1000;
const STEP = 2 * SECOND; // a larger one is no drift
const REMEMBERED = 10 * SECOND;

// The steady clock may stand still while the page is out of sight: its readings compare only within one life.
let life = crypto.randomUUID();
let lead;

// A moment, by both clocks.
export function now() {
  return { wall: Date.now(), tick: Math.round(performance.timeOrigin + performance.now()), life };
}

// Milliseconds since a moment: by the steady clock where it can tell, else by the wall clock, and never less than none.
export function since(moment) {
  const { wall, tick } = now();
  return Math.max(0, moment.life === life ? tick - moment.tick : wall - moment.wall);
}

// Call `moved(ms)` whenever the wall clock has been moved; what happened while nobody looked is seen if it went back.
export async function watchClock(moved) {
  document.addEventListener("visibilitychange", async () => {
    life = crypto.randomUUID();
    lead = undefined;
    if (!document.hidden) await compareWithLast(moved);
  });
  await compareWithLast(moved);
  setInterval(() => look(moved), SECOND);
  setInterval(remember, REMEMBERED);
}

function look(moved) {
  if (document.hidden) return;
  const ahead = Date.now() - performance.now();
  const step = ahead - (lead ?? ahead);
  lead = ahead;
  if (Math.abs(step) > STEP) {
    moved(step);
    remember();
  }
}

async function compareWithLast(moved) {
  const last = await get("facts", "clock");
  const step = Date.now() - (last?.wall ?? 0);
  if (step < -STEP) moved(step);
  await remember();
}

function remember() {
  return put("facts", { key: "clock", wall: Date.now() });
}

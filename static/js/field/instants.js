// Clock times of a branch and the instants they name, whatever the phone's own time zone.

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const CLOCK = /^(\d{1,2})[:., ]?(\d{2})(?:[:., ]?(\d{2}))?$/;

const formats = new Map();

// "10:05:00" from "10:05", "10.05", "1005" or "10:05:30"; null from anything else.
export function readClock(typed) {
  const [, hours, minutes, seconds = "00"] = CLOCK.exec(typed.trim()) ?? [];
  if (hours === undefined || hours > 23 || minutes > 59 || seconds > 59) return null;
  return [hours, minutes, seconds].map((part) => part.padStart(2, "0")).join(":");
}

// The instants (ms) at which the clocks of a zone showed that time on that day: none where it was skipped, two
// where it was repeated. It is never guessed.
export function instantsOf(day, clock, zone) {
  const naive = Date.parse(`${day}T${clock}Z`);
  const offsets = new Set([offsetAt(naive - DAY, zone), offsetAt(naive + DAY, zone)]);
  return [...offsets].map((offset) => naive - offset).filter((at) => at + offsetAt(at, zone) === naive);
}

// "2026-11-30" and "10:05:07" by the clocks of a zone.
export function dayOf(at, zone) {
  return shown(at, zone).slice(0, 10);
}

export function clockOf(at, zone) {
  return shown(at, zone).slice(11, 19);
}

// "2026-11-30T10:05:07.123+03:00": the instant, and what the clocks of the zone showed.
export function isoOf(at, zone) {
  return withOffset(at, offsetAt(at, zone) / MINUTE);
}

// The same by the phone's own clock.
export function ownIso(at = Date.now()) {
  return withOffset(at, -new Date(at).getTimezoneOffset());
}

function withOffset(at, minutes) {
  const local = new Date(at + minutes * MINUTE).toISOString().replace(".000", "").replace("Z", "");
  const part = (value) => String(Math.abs(Math.trunc(value))).padStart(2, "0");
  return `${local}${minutes < 0 ? "-" : "+"}${part(minutes / 60)}:${part(minutes % 60)}`;
}

// How far the clocks of a zone are ahead of UTC at an instant, in ms.
function offsetAt(at, zone) {
  const whole = Math.floor(at / 1000) * 1000;
  return Date.parse(`${shown(whole, zone)}Z`) - whole;
}

function shown(at, zone) {
  if (!formats.has(zone)) {
    const parts = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" };
    const format = { timeZone: zone, ...parts, second: "2-digit", hourCycle: "h23", calendar: "gregory" };
    formats.set(zone, new Intl.DateTimeFormat("sv-SE", format));
  }
  return formats.get(zone).format(at).replace(" ", "T");
}

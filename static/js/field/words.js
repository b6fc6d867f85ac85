// The page's own texts, in its language: the template hands them over, here they get their values.

const given = document.querySelector("[data-phone]");

// Whose page it is (null before the sign-in), its language, addresses and texts.
export const phone = JSON.parse(given.dataset.phone);

const plural = new Intl.PluralRules(phone.language);

export function say(key, values = {}) {
  return fill(phone.texts[key], values);
}

// "1 visit", "2 visits", "5 visits".
export function counted(key, num) {
  const forms = phone.texts[key];
  return fill(forms[plural.select(num)] ?? forms.other, { num });
}

export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

// "10:05", or "12 Aug, 10:05" on another day; by the phone's own clock unless a zone is given.
export function moment(at, timeZone) {
  const moment = new Date(at);
  const clock = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone }, moment);
  const day = format({ day: "numeric", month: "short", timeZone }, moment);
  const today = format({ day: "numeric", month: "short", timeZone }, new Date());
  return day === today ? clock : `${day}, ${clock}`;
}

function format(parts, moment) {
  return new Intl.DateTimeFormat(phone.language, parts).format(moment);
}

// An element with its attributes and what is in it; texts are never read as HTML.
export function make(tag, attributes = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...inside.filter((part) => part != null));
  return made;
}

// Times stamped by tapping. What is shown is worked out from the stored moments, never counted up, so that a
// locked phone, a reload or an empty battery loses nothing. Without this file the times are typed.

const SECOND = 1000;
const forget = document.querySelector("[data-forget]");
const form = document.querySelector("form[data-stopwatch]");

if (forget) localStorage.removeItem(forget.dataset.forget);
if (form) start(form);

function start(form) {
  const store = form.dataset.stopwatch;
  const identity = form.elements.namedItem("id");
  const minted = identity.value;
  const inputs = [...form.querySelectorAll("input[data-event]")];
  const clockOf = formatter(form.dataset.zone, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const dayOf = formatter(form.dataset.zone, { year: "numeric", month: "2-digit", day: "2-digit" });
  const taps = load(store, identity);
  const keys = new Map();

  build();
  show();
  setInterval(showClock, SECOND);

  // The steady clock may stand still while the page is hidden: its marks no longer compare.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) return;
    for (const tap of Object.values(taps)) delete tap.tick;
    save();
    show();
  });

  // The form's own fields stay in charge: a time typed by hand replaces its tap.
  for (const input of inputs) {
    input.addEventListener("input", () => {
      delete taps[input.dataset.event];
      save();
      mark(input.dataset.event, "", "");
      show();
    });
  }

  function build() {
    const list = form.querySelector(".stopwatch-keys");
    for (const input of inputs) {
      const code = input.dataset.event;
      const step = list.appendChild(document.createElement("li"));
      step.className = "stopwatch-step";
      const key = step.appendChild(button("btn btn-outline-dark stopwatch-key", input.dataset.label));
      key.appendChild(document.createElement("time"));
      key.addEventListener("click", () => tap(code));
      const undo = step.appendChild(button("btn btn-outline-dark stopwatch-undo", form.dataset.undo));
      undo.setAttribute("aria-label", `${form.dataset.undo}: ${input.dataset.label}`);
      undo.addEventListener("click", () => untap(code));
      keys.set(code, { key, undo });
    }
    form.querySelector(".stopwatch").hidden = false;
    const typed = form.querySelector(".typed-times");
    const byHand = inputs.some((input) => input.value && !taps[input.dataset.event]);
    typed.open = byHand || Boolean(typed.querySelector(".field-error"));
  }

  function tap(code) {
    if (taps[code]) return;
    taps[code] = { wall: Date.now(), tick: Math.round(performance.timeOrigin + performance.now()) };
    navigator.vibrate?.(40);
    save();
    show();
  }

  function untap(code) {
    delete taps[code];
    save();
    mark(code, "", "");
    form.querySelector(`input[data-event="${code}"]`).value = "";
    show();
    keys.get(code).key.focus();
  }

  function save() {
    // A stopwatch without a tap begins a new record.
    if (Object.keys(taps).length === 0) {
      localStorage.removeItem(store);
      identity.value = minted;
    } else {
      localStorage.setItem(store, JSON.stringify({ id: identity.value, taps }));
    }
  }

  function show() {
    let next = true;
    for (const input of inputs) {
      const code = input.dataset.event;
      const { key, undo } = keys.get(code);
      const tapped = taps[code];
      if (tapped) {
        input.value = clockOf(tapped.wall);
        mark(code, tapped.wall, tapped.tick ?? "");
      }
      key.setAttribute("aria-pressed", String(Boolean(tapped)));
      key.querySelector("time").textContent = tapped ? clockOf(tapped.wall) : "";
      undo.hidden = !tapped;
      key.classList.toggle("btn-primary", next && !tapped && !input.value);
      key.classList.toggle("btn-outline-dark", !(next && !tapped && !input.value));
      if (!tapped && !input.value) next = false;
    }
    const walls = Object.values(taps).map((tapped) => tapped.wall);
    if (walls.length) form.elements.namedItem("day").value = dayOf(Math.min(...walls));
    showClock();
  }

  function showClock() {
    const { joined, called, started, ended, left } = taps;
    const line = form.querySelector(".stopwatch-clock");
    if (joined && !called && !left) line.textContent = `${form.dataset.waiting}: ${length(joined.wall)}`;
    else if (started && !ended && !left) line.textContent = `${form.dataset.serving}: ${length(started.wall)}`;
    else line.textContent = "";
  }

  function mark(code, stamp, tick) {
    form.querySelector(`[data-stamp="${code}"]`).value = stamp;
    form.querySelector(`[data-tick="${code}"]`).value = tick;
  }
}

function load(store, identity) {
  try {
    const kept = JSON.parse(localStorage.getItem(store));
    if (kept?.taps) {
      identity.value = kept.id;
      return kept.taps;
    }
  } catch {
    localStorage.removeItem(store);
  }
  return {};
}

function button(classes, label) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = classes;
  made.textContent = label;
  return made;
}

function length(since) {
  const seconds = Math.max(0, Math.floor((Date.now() - since) / SECOND));
  const rest = String(seconds % 60).padStart(2, "0");
  return `${Math.floor(seconds / 60)}:${rest}`;
}

// 24-hour time and year-month-day by the branch's own clock, whatever the phone's zone.
function formatter(timeZone, parts) {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone, ...parts });
  return (wall) => format.format(wall);
}

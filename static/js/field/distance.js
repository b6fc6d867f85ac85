// How far the phone is from the branch: asked once, never without a tap, and only the metres leave the phone.

import { fill } from "./words.js";

const EARTH_RADIUS = 6_371_000; // metres
const PATIENCE = 20_000;
const INEXACT = 250; // metres; what is known less exactly says nothing about a branch

// Offer to measure the distance to the branch, which is [latitude, longitude] in degrees.
export function askDistance(form, branch, texts) {
  const box = form.querySelector("[data-distance]");
  if (!("geolocation" in navigator)) return;
  box.hidden = false;
  const settle = (metres) => {
    form.elements.namedItem("distance_m").value = metres;
    form.elements.namedItem("distance_asked").value = "asked";
    showDistance(form, texts);
    form.dispatchEvent(new Event("input", { bubbles: true }));
  };
  box.querySelector("[data-measure]").addEventListener("click", () => measure(box, branch, texts, settle));
  box.querySelector("[data-leave-out]").addEventListener("click", () => settle(""));
  showDistance(form, texts);
}

// What was answered, if it was.
export function showDistance(form, texts) {
  const box = form.querySelector("[data-distance]");
  if (!box) return;
  const { value } = form.elements.namedItem("distance_m");
  const answered = form.elements.namedItem("distance_asked").value !== "";
  box.querySelector("[data-distance-keys]").hidden = answered;
  const said = value ? fill(texts.measured, { metres: value }) : texts.left_out;
  box.querySelector("[data-distance-said]").textContent = answered ? said : "";
}

function measure(box, branch, texts, settle) {
  const said = box.querySelector("[data-distance-said]");
  said.textContent = texts.measuring;
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      if (coords.accuracy > INEXACT) said.textContent = fill(texts.inexact, { metres: Math.round(coords.accuracy) });
      else settle(Math.round(metres(branch, [coords.latitude, coords.longitude])));
    },
    () => (said.textContent = texts.no_place),
    { enableHighAccuracy: true, timeout: PATIENCE, maximumAge: 0 },
  );
}

// Great-circle distance of two places, by the haversine formula.
export function metres(one, other) {
  const [[phi, lambda], [psi, mu]] = [one, other].map((place) => place.map((degrees) => (degrees * Math.PI) / 180));
  const across = Math.sin((psi - phi) / 2) ** 2 + Math.cos(phi) * Math.cos(psi) * Math.sin((mu - lambda) / 2) ** 2;
  return 2 * EARTH_RADIUS * Math.asin(Math.sqrt(Math.min(1, across)));
}

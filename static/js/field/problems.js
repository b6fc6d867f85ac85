// What is wrong with a form, as the site itself says it: a summary that holds the focus, and a line at each field.

import { make } from "./words.js";

// Show problems ({field, message}) in place of those shown before; `texts` are the page's own words.
export function showProblems(form, problems, texts) {
  clearProblems(form);
  if (problems.length === 0) return;
  const links = problems.map(({ field, message }) => {
    const place = placeOf(form, field);
    if (place) mark(place, field, message, texts);
    return make("li", {}, place ? make("a", { href: `#${place.anchor}` }, message) : message);
  });
  const summary = make(
    "div",
    { class: "error-summary", role: "alert", tabindex: "-1", "aria-labelledby": "error-summary-title" },
    make("h2", { id: "error-summary-title" }, texts.problem),
    make("ul", {}, ...links),
  );
  summary.addEventListener("click", (event) => follow(event, form));
  document.querySelector("main h1").before(summary);
  document.title = `${texts.error} ${document.title}`;
  summary.focus();
  summary.scrollIntoView();
}

export function clearProblems(form) {
  const summary = document.querySelector(".error-summary");
  if (summary) document.title = document.title.slice(document.title.indexOf(" ") + 1);
  summary?.remove();
  for (const line of form.querySelectorAll(".field-error")) line.remove();
  for (const box of form.querySelectorAll(".field-invalid")) box.classList.remove("field-invalid");
  for (const control of form.querySelectorAll("[aria-invalid]")) {
    control.removeAttribute("aria-invalid");
    control.classList.remove("is-invalid");
  }
  for (const described of form.querySelectorAll("[aria-describedby]")) {
    const left = described.getAttribute("aria-describedby").split(" ").filter((id) => !id.endsWith("-error"));
    if (left.length) described.setAttribute("aria-describedby", left.join(" "));
    else described.removeAttribute("aria-describedby");
  }
}

// Where a field is: what is described, the element to lead to, and after what its line stands.
function placeOf(form, field) {
  const named = field ? form.elements.namedItem(field) : null;
  const control = named instanceof RadioNodeList ? named[0] : named;
  const box = control?.closest(".field");
  if (!box || control.type === "hidden") return null;
  const described = box.matches("fieldset") ? box : control;
  return { box, control, described, anchor: described.id, after: box.querySelector(".form-text, legend, label") };
}

function mark({ box, control, described, after }, field, message, texts) {
  const id = `${field}-error`;
  const said = make("span", { class: "visually-hidden" }, texts.error);
  const earlier = document.getElementById(id);
  if (earlier) {
    earlier.append(make("br"), said, ` ${message}`);
    return;
  }
  const line = make("p", { class: "field-error", id }, said, ` ${message}`);
  if (after) after.after(line);
  else box.prepend(line);
  const ids = [described.getAttribute("aria-describedby"), id].filter(Boolean).join(" ");
  described.setAttribute("aria-describedby", ids);
  box.classList.add("field-invalid");
  if (!box.matches("fieldset")) {
    control.setAttribute("aria-invalid", "true");
    control.classList.add("is-invalid");
  }
  for (let around = box.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
  box.closest(".comment, .only-with-reason, .only-described")?.classList.add("comment-kept");
}

function follow(event, form) {
  const link = event.target.closest("a[href^='#']");
  const target = link && document.getElementById(link.hash.slice(1));
  if (!target) return;
  event.preventDefault();
  target.closest(".field")?.scrollIntoView();
  const control = target.matches("input, select, textarea") ? target : target.querySelector("input, select, textarea");
  (control ?? form).focus({ preventScroll: true });
}

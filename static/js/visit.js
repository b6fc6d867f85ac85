// The visit form without losing an answer: counts what is left, and keeps every answer on this device
// until the visit is stored. Without this file the form works all the same.

const form = document.querySelector("form[data-draft]");
const forget = document.querySelector("[data-forget]");

if (forget) localStorage.removeItem(forget.dataset.forget);

if (form) {
  // A page that came back with errors holds the newest answers itself.
  if (!document.querySelector(".error-summary") && restore(form)) offerAfresh(form);
  form.addEventListener("input", () => {
    count(form);
    keep(form);
  });
  count(form);
}

function keep(form) {
  const kept = [...new FormData(form)].filter(([name]) => name !== "csrf_token");
  localStorage.setItem(form.dataset.draft, JSON.stringify(kept));
}

function restore(form) {
  let kept;
  try {
    kept = JSON.parse(localStorage.getItem(form.dataset.draft) ?? "[]");
  } catch {
    return false;
  }
  for (const [name, value] of kept) {
    for (const control of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (control.type === "radio" || control.type === "checkbox") control.checked ||= control.value === value;
      else control.value = value;
    }
  }
  return kept.length > 0;
}

function offerAfresh(form) {
  const notice = document.querySelector("[data-restored]");
  notice.hidden = false;
  notice.querySelector("button").addEventListener("click", () => {
    localStorage.removeItem(form.dataset.draft);
    location.reload();
  });
}

function count(form) {
  let left = 0;
  for (const section of form.querySelectorAll("[data-section]")) {
    const open = [...section.querySelectorAll("fieldset.question")].filter(
      (question) => !question.querySelector("input:checked"),
    ).length;
    left += open;
    const chip = form.querySelector(`[data-left="${CSS.escape(section.dataset.section)}"]`);
    if (chip) chip.textContent = open || chip.dataset.none;
  }
  const all = form.querySelector("[data-left-all]");
  const nothingAsked = form.querySelector(".asks-nothing:checked");
  all.textContent = nothingAsked ? "" : left ? `${all.dataset.some} ${left}` : all.dataset.none;
}

// Small comforts; every page works without them.

// A screen reader and a keyboard start at what is wrong.
document.querySelector(".error-summary")?.focus();

// A summary's link leads to the question's first control, not only into view.
for (const link of document.querySelectorAll(".error-summary a[href^='#']")) {
  link.addEventListener("click", (event) => {
    const target = document.getElementById(link.hash.slice(1));
    if (!target) return;
    event.preventDefault();
    target.closest(".field")?.scrollIntoView();
    const control = target.matches("input, select, textarea")
      ? target
      : target.querySelector("input, select, textarea");
    (control ?? target).focus({ preventScroll: true });
  });
}

// The copy key appears only where copying works.
for (const key of document.querySelectorAll("button[data-copies]")) {
  if (!navigator.clipboard) continue;
  key.hidden = false;
  key.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(key.dataset.copies).textContent.trim());
    key.textContent = key.dataset.done;
  });
}

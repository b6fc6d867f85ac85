// Turns <figure data-chart> into a live chart. Without it, or on a narrow screen, picture and table stay as they are.
const NARROWEST = 480; // pixels; below this the picture and the table read better
const dark = matchMedia("(prefers-color-scheme: dark)");

// A document names its colours by meaning ("@better"); its own themes say which colour that is.
function themed(text) {
  const palette = JSON.parse(text).usermeta.themes[dark.matches ? "dark" : "light"];
  const colour = (name, value) => (typeof value === "string" && Object.hasOwn(palette, value) ? palette[value] : value);
  return JSON.parse(text, colour);
}

// Charts of several panels cannot follow their container by themselves.
function fitted(spec, width) {
  for (const panel of spec.vconcat ?? []) panel.width = width - 32;
  return spec;
}

async function draw(figure, place, text) {
  const spec = fitted(themed(text), place.clientWidth);
  figure.chart?.finalize();
  // No code from strings, no style elements, no menu: what a strict content security policy allows.
  figure.chart = await window.vegaEmbed(place, spec, {
    ast: true,
    renderer: "svg",
    actions: false,
    defaultStyle: false,
    tooltip: { disableDefaultStyle: true },
    formatLocale: spec.config.locale.number,
    timeFormatLocale: spec.config.locale.time,
    logLevel: 1, // errors only: a layer without marks warns that it has no extent
  });
  // The marks would speak English and unrounded numbers; the words are with the place that holds them.
  place.querySelector("svg").setAttribute("aria-hidden", "true");
}

async function upgrade(figure) {
  const [answer] = await Promise.all([fetch(figure.dataset.chart), import(figure.dataset.bundle)]);
  if (!answer.ok) throw new Error(`${figure.dataset.chart}: ${answer.status}`);
  const text = await answer.text();
  const picture = figure.querySelector("[data-chart-picture]");
  const place = document.createElement("div");
  place.className = "chart-live";
  // To a screen reader the live chart is what the picture was.
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", picture.querySelector("img").alt);
  picture.before(place);
  try {
    await draw(figure, place, text);
  } catch (error) {
    place.remove();
    throw error;
  }
  picture.hidden = true;
  dark.addEventListener("change", () => draw(figure, place, text));
}

const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    upgrade(target).catch((error) => console.warn("The picture of the chart stays:", error));
  }
}, { rootMargin: "200px" });

for (const figure of document.querySelectorAll("figure[data-chart]")) {
  if (figure.clientWidth >= NARROWEST) seen.observe(figure);
}

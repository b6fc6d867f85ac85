// The photographs of a stored visit: one more goes the way of every record, through the phone's own shelf.

import { takePhotos } from "./photos.js";
import { works } from "./store.js";
import { phone } from "./words.js";

const form = document.querySelector("[data-photo-form]");

if (form && phone && (await works())) {
  const { visit, assignment, label } = form.dataset;
  const about = { visit, assignment: Number(assignment), label, path: location.pathname };
  takePhotos(form, () => about, () => location.reload());
}

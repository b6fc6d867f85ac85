// A photograph of a visit: shrunk on the phone, kept there, and sent once its visit is stored.
// Drawing it anew leaves place, time and device behind; without this file the server does the same.

import { sendNow } from "./filling.js";
import { ownIso } from "./instants.js";
import { keep } from "./outbox.js";
import { clearProblems, showProblems } from "./problems.js";
import { get } from "./store.js";
import { phone } from "./words.js";

const LONGEST_EDGE = 1600; // pixels, as the server keeps them
const QUALITY = 0.82;

// Let a form take photographs of a visit: `about()` is {visit, assignment, label, path}. `stored()` follows each that
// the office has.
export function takePhotos(form, about, stored) {
  const texts = JSON.parse(form.dataset.photoForm);
  const said = document.querySelector("[data-photo-said]");
  let busy = false; // a second tap, while a large picture is being shrunk, is no second photograph
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    await take().finally(() => (busy = false));
  });

  async function take() {
    const photo = await read(form, texts);
    if (!photo) return;
    clearProblems(form);
    const uuid = crypto.randomUUID();
    const record = { uuid, kind: "photo", person: phone.person, ...about(), ...photo, saved_at: ownIso(), problem: null };
    try {
      await keep(record);
    } catch {
      return showProblems(form, [{ field: "photo", message: texts.not_kept }], texts);
    }
    form.reset();
    await sendNow();
    const receipt = await get("receipts", uuid);
    said.hidden = false;
    said.textContent = receipt ? texts.stored : texts.kept;
    if (receipt) stored();
  }
}

// {shows, picture}; null where something is wrong with it, which is said.
async function read(form, texts) {
  const shows = new FormData(form).get("kind");
  const [file] = form.elements.namedItem("photo").files;
  const picture = file && (await shrunk(file).catch(() => null));
  const problems = [];
  if (!shows) problems.push({ field: "kind", message: texts.no_kind });
  if (!picture) problems.push({ field: "photo", message: file ? texts.no_picture : texts.no_photo });
  if (problems.length) showProblems(form, problems, texts);
  return problems.length ? null : { shows, picture };
}

async function shrunk(file) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LONGEST_EDGE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/jpeg", QUALITY);
  });
}

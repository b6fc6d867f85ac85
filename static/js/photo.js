// Shrinks a chosen photograph before it is sent; drawing it anew leaves place, time and device behind.
// Without this file the server does the same.

const LONGEST_EDGE = 1600; // pixels, as the server keeps them
const QUALITY = 0.82;

const form = document.querySelector("form[data-shrink]");

if (form && typeof createImageBitmap === "function") {
  const input = form.elements.namedItem(form.dataset.shrink);
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (!file) return;
    try {
      const small = await shrunk(file);
      const carried = new DataTransfer();
      carried.items.add(new File([small], "photo.jpg", { type: "image/jpeg" }));
      input.files = carried.files;
    } catch {
      // What the browser cannot read the server refuses in words.
    }
  });
}

export async function shrunk(file) {
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

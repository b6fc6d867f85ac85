// Pages for a phone without a signal: the worker that keeps them, and forgetting them at sign-out.

import { phone } from "./words.js";

const PAGES = "field-pages-"; // the names of the worker's caches of pages begin so

export async function installWorker() {
  if (!("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register(phone.addresses.worker, { scope: "/", updateViaCache: "none" });
  } catch {
    // Without a worker everything works but opening a page that the network does not bring.
  }
}

// Fetch these pages in the background, so that they open without a signal.
export async function keepPages(paths) {
  if (!("serviceWorker" in navigator)) return;
  const { active } = await navigator.serviceWorker.ready;
  active.postMessage({ keep: paths, language: phone.language });
}

// Nobody's pages are on this phone any more; what waits to be sent stays.
export async function forgetPages() {
  if (!("caches" in window)) return;
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PAGES)).map((name) => caches.delete(name)));
}

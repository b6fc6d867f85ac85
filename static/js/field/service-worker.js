// The field without a signal: keeps the auditor's own pages and what they are made of, and nothing else.
//
// The site sends this file with `FIELD` before it: {version, assets, home, list, codes, fallback}. A page is kept only if
// its answer says so (`X-Kept-By-Phone: LANGUAGE VERSION`) and whose it is (`X-Person`): a sign-in page, a page of
// head office and what a captive portal says never do.

const SHELL = `field-shell-${FIELD.version}`;
const PAGES = `field-pages-${FIELD.version}`;
const PATIENCE = 3000; // ms for the network, where a kept page can stand in
const FRESH = 6 * 3600 * 1000;

// Tabs whose page came from here: theirs are the kept scripts too, which go with it.
const standIns = new Set();

self.addEventListener("install", (event) => {
  event.waitUntil(install());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(activate());
});

self.addEventListener("message", (event) => {
  if (event.data?.keep) event.waitUntil(keepAll(event.data.keep, event.data.language));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(event, pathname));
  else if (FIELD.assets.includes(pathname)) event.respondWith(asset(event, pathname));
});

// A new version takes over only when it holds everything that the old one held: no phone is left without its forms.
async function install() {
  const shell = await caches.open(SHELL);
  await shell.addAll(FIELD.assets.map((path) => new Request(path, { cache: "reload" })));
  for (const name of await otherPages()) {
    for (const { url } of await (await caches.open(name)).keys()) await fetchAndKeep(new URL(url).pathname);
  }
  await self.skipWaiting();
}

async function activate() {
  const old = (await caches.keys()).filter((name) => name.startsWith("field-") && name !== SHELL && name !== PAGES);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

const otherPages = async () =>
  (await caches.keys()).filter((name) => name.startsWith("field-pages-") && name !== PAGES);

// A page: the network's, if it answers in time; else the kept one; else the page that says so.
async function page(event, pathname) {
  const kept = await keptPage(pathname);
  const coming = fromNetwork(event, pathname);
  event.waitUntil(coming.catch(() => {}));
  try {
    const answer = await (kept ? inTime(coming) : coming);
    if (isOurs(answer) || !kept) return answer;
  } catch {
    // Nobody answered, or not in time.
  }
  const standIn = kept ?? (await instead(pathname));
  if (!standIn) return Response.error();
  standIns.add(event.resultingClientId);
  return standIn;
}

async function fromNetwork(event, pathname) {
  const answer = await fetch(event.request);
  await dropThoseOfOthers(answer);
  // A form of an earlier version is not the one to keep.
  const earlier = new URL(event.request.url).searchParams.has("version");
  if (isToBeKept(answer) && !earlier) await keep(pathname, answer.clone());
  else if ([403, 404, 409, 410].includes(answer.status)) await (await caches.open(PAGES)).delete(pathname);
  return answer;
}

// An answer that the site meant for this address: a kept page hides no refusal and no way on, only a failing server
// and a stranger's page.
const isOurs = (answer) =>
  personOf(answer) || answer.type === "opaqueredirect" || (answer.status >= 400 && answer.status < 500);

async function instead(pathname) {
  if (pathname === FIELD.home && (await keptPage(FIELD.list))) return Response.redirect(FIELD.list);
  const form = pathname.startsWith(FIELD.codes) && (await formAt(pathname.slice(FIELD.codes.length)));
  if (form) return Response.redirect(form);
  return keptPage(FIELD.fallback);
}

// Of the branch whose code was scanned: the form of its one visit; where there are several, or none, the list of all.
async function formAt(code) {
  const pages = await caches.open(PAGES);
  const forms = [];
  for (const { url } of await pages.keys()) {
    const { pathname } = new URL(url);
    const codes = (await keptPage(pathname)).headers.get("X-Branch") ?? "";
    if (codes.split(" ").some((its) => decodeURIComponent(its) === decodeURIComponent(code))) forms.push(pathname);
  }
  if (forms.length === 1) return forms[0];
  return (await keptPage(FIELD.list)) && FIELD.list;
}

async function keptPage(pathname) {
  return (await caches.open(PAGES)).match(pathname, { ignoreVary: true });
}

const personOf = (answer) => answer.headers.get("X-Person");
const markOf = (answer) => (answer.headers.get("X-Kept-By-Phone") ?? "").split(" ");
const isToBeKept = (answer) => Boolean(answer.ok && !answer.redirected && personOf(answer) && markOf(answer)[0]);

// One person's pages at a time: those of whoever was here before go.
async function dropThoseOfOthers(answer) {
  const pages = await caches.open(PAGES);
  const [any] = await pages.keys();
  const owner = any && personOf(await pages.match(any));
  if (owner && personOf(answer) && owner !== personOf(answer)) await caches.delete(PAGES);
}

async function keep(pathname, answer) {
  if (markOf(answer)[1] === FIELD.version) await (await caches.open(PAGES)).put(pathname, answer);
  else await self.registration.update().catch(() => {});
}

// Keep these pages and no others.
async function keepAll(paths, language) {
  for (const path of paths) {
    const kept = await keptPage(path);
    const age = kept ? Date.now() - Date.parse(kept.headers.get("Date")) : Infinity;
    if (kept && markOf(kept)[0] === language && age >= 0 && age < FRESH) continue;
    await fetchAndKeep(path);
  }
  const pages = await caches.open(PAGES);
  for (const request of await pages.keys()) {
    if (!paths.includes(new URL(request.url).pathname)) await pages.delete(request);
  }
}

// Whatever is no page to be kept (a way on to a receipt, a sign-in) is passed over; a network that fails is told.
async function fetchAndKeep(path) {
  const answer = await fetch(path, { credentials: "same-origin", redirect: "manual", cache: "no-store" });
  await dropThoseOfOthers(answer);
  if (isToBeKept(answer)) await keep(path, answer);
}

// What pages are made of: from here for a page from here, else the network's, if it answers in time.
async function asset(event, pathname) {
  const shell = await caches.open(SHELL);
  const kept = await shell.match(pathname, { ignoreVary: true });
  if (kept && standIns.has(event.clientId)) return kept;
  try {
    const coming = fetch(event.request);
    coming.catch(() => {});
    const answer = await (kept ? inTime(coming) : coming);
    if (answer.ok || !kept) return answer;
  } catch (error) {
    if (!kept) throw error;
  }
  return kept;
}

function inTime(coming) {
  const late = new Promise((_, reject) => setTimeout(reject, PATIENCE, new Error("late")));
  return Promise.race([coming, late]);
}

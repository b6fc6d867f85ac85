// What a phone keeps until the office has it: one IndexedDB database with a shelf for each kind of thing.

const SHELVES = {
  outbox: { keyPath: "n", autoIncrement: true },
  drafts: { keyPath: "key" },
  receipts: { keyPath: "uuid" },
  notes: { keyPath: "id" },
  facts: { keyPath: "key" },
};

let opening;

// Run `work(shelf)` in one transaction and wait until it is on the disk; what fails leaves everything as it was.
// Inside of `work` only requests of the same transaction may be awaited.
export async function within(shelves, mode, work) {
  const database = await open();
  // Strict: a record is told to be kept only when the disk has it.
  const transaction = database.transaction(shelves, mode, { durability: "strict" });
  const ended = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error ?? new Error("the phone did not keep it"));
  });
  ended.catch(() => {});
  let result;
  try {
    result = await work((name) => transaction.objectStore(name));
  } catch (error) {
    if (!transaction.error) transaction.abort();
    throw error;
  }
  await ended;
  return result;
}

// The answer to one request.
export function asked(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export const get = (shelf, key) => within([shelf], "readonly", (at) => asked(at(shelf).get(key)));
export const all = (shelf) => within([shelf], "readonly", (at) => asked(at(shelf).getAll()));
export const put = (shelf, value) => within([shelf], "readwrite", (at) => asked(at(shelf).put(value)));
export const remove = (shelf, key) => within([shelf], "readwrite", (at) => asked(at(shelf).delete(key)));

// Whether this browser keeps anything at all; a private window may refuse.
export async function works() {
  try {
    await open();
    return Boolean(navigator.locks);
  } catch {
    return false;
  }
}

function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("field", 1);
    request.onupgradeneeded = () => {
      for (const [name, options] of Object.entries(SHELVES)) {
        const shelf = request.result.createObjectStore(name, options);
        if (name === "outbox") shelf.createIndex("uuid", "uuid", { unique: true });
      }
    };
    request.onsuccess = () => {
      const database = request.result;
      database.onversionchange = () => database.close();
      database.onclose = () => (opening = undefined);
      resolve(database);
    };
    request.onerror = () => {
      opening = undefined;
      reject(request.error);
    };
  });
  return opening;
}

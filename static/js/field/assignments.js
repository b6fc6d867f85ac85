// The list of visits: what stands in it opens without a signal too.

import { keepPages } from "./pages.js";
import { phone } from "./words.js";

const forms = [...document.querySelectorAll("a[data-keep]")].map((link) => new URL(link.href).pathname);
if (phone?.person) await keepPages([...phone.kept, ...forms]);

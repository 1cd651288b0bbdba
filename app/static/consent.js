// Whether drawings may be kept: nobody's are until they said so. And this browser's random id, which lives as long as the yes.
import { randomUUID } from "./uuid.js";

const CONSENT = "inkloop.consent";
const BROWSER = "inkloop.browser";
const forThisPage = new Map(); // where the browser stores nothing

function read(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return forThisPage.get(name) ?? null;
  }
}

function write(name, value) {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    forThisPage.set(name, value);
  }
}

export const consent = {
  get given() { return read(CONSENT) === "yes"; },
  get refused() { return read(CONSENT) === "no"; },

  give() { write(CONSENT, "yes"); },

  refuse() {
    write(CONSENT, "no");
    write(BROWSER, null);
  },

  get browser() {
    if (!read(BROWSER)) write(BROWSER, randomUUID());
    return read(BROWSER);
  },
};

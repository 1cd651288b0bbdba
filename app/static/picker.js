// What is it then? Every label of the mode as a button, and as a key.
import { kindOf, nameOf } from "./labels.js";

const KINDS = [["digit", "Digits"], ["capital", "Capitals"], ["small", "Small letters"]];

export class Picker extends EventTarget {
  #root = document.querySelector("[data-picker]");
  #labels = [];

  constructor() {
    super();
    this.#root.addEventListener("click", ({ target }) => {
      const button = target.closest("[data-say]");
      if (button) this.#choose(button.dataset.say);
    });
    this.#root.addEventListener("keydown", (event) => this.#type(event));
    this.#root.querySelector("[data-cancel]").addEventListener("click", () => this.#cancel());
  }

  get isOpen() { return !this.#root.hidden; }

  /** Offers `labels`. Emits "choose" with { label }, or "cancel". */
  open(labels) {
    this.#labels = labels;
    this.#root.querySelector("[data-labels]").replaceChildren(...KINDS.flatMap(([kind, title]) => (
      group(kind, title, labels.filter((label) => kindOf(label) === kind))
    )));
    this.#root.hidden = false;
    this.#root.focus({ preventScroll: true });
    this.#root.scrollIntoView({ block: "nearest" });
  }

  close() { this.#root.hidden = true; }

  #type(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") this.#cancel();
    else if (this.#labels.includes(event.key)) this.#choose(event.key);
    else return;
    event.preventDefault();
  }

  #choose(label) { this.dispatchEvent(new CustomEvent("choose", { detail: { label } })); }
  #cancel() { this.dispatchEvent(new Event("cancel")); }
}

function group(kind, title, labels) {
  if (!labels.length) return [];
  const keys = document.createElement("div");
  keys.className = `keys ${kind}`;
  keys.setAttribute("role", "group");
  keys.setAttribute("aria-label", title);
  keys.append(...labels.map(key));
  return [keys];
}

function key(label) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", textContent: label, title: nameOf(label) });
  button.setAttribute("aria-label", nameOf(label));
  button.dataset.say = label;
  return button;
}

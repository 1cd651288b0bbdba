// The dialog that asks whether drawings may be kept, says what that means, and lists what this browser sent.
import { consent } from "./consent.js";
import { nameOf } from "./labels.js";
import { SENT, UNDONE, outbox } from "./outbox.js";
import { records } from "./records.js";

const LABELS = { "not a character": "not a character", skip: "that you cannot tell" };
const STATES = { [SENT]: "", [UNDONE]: "Waits to be deleted.", unsent: "Waits to be sent." };

/** Emits "change" when consent was given or taken back. */
class Privacy extends EventTarget {
  #dialog = document.querySelector("[data-privacy]");

  constructor() {
    super();
    this.#part("yes").addEventListener("click", () => this.#decide(true));
    this.#part("no").addEventListener("click", () => this.#decide(false));
    this.#part("close").addEventListener("click", () => this.#dialog.close());
    this.#part("delete-all").addEventListener("click", () => this.#delete(() => true));
    this.#part("sent").addEventListener("click", ({ target }) => {
      const button = target.closest("[data-id]");
      if (button) this.#delete(({ id }) => id === button.dataset.id);
    });
    outbox.addEventListener("change", () => { if (this.#dialog.open) this.#list(); });
  }

  #part(name) { return this.#dialog.querySelector(`[data-${name}]`); }

  /** Shows the dialog; settles when it is closed. */
  async open() {
    if (this.#dialog.open) return;
    this.#tell("");
    this.#showChoice();
    const closed = new Promise((resolve) => { this.#dialog.addEventListener("close", resolve, { once: true }); });
    this.#dialog.showModal();
    await this.#list();
    await closed;
  }

  #decide(yes) {
    if (yes) consent.give();
    else consent.refuse();
    if (!yes) outbox.takeBackUnsent();
    this.dispatchEvent(new Event("change"));
    this.#dialog.close();
  }

  #showChoice() {
    this.#part("choice").textContent = consent.given ? "You said yes: what you judge, and what you draw in games, is kept."
      : consent.refused ? "You said no: nothing more is sent. What was sent stays until you delete it."
      : "Until you say yes, nothing is kept.";
    this.#part("explained").open = !consent.given && !consent.refused;
    this.#part("yes").hidden = consent.given;
    this.#part("no").hidden = consent.refused;
    this.#part("no").textContent = consent.given ? "Stop keeping them" : "No, keep none";
  }

  async #list() {
    const all = (await records.all()).filter(({ input }) => input);
    this.#part("history").hidden = all.length === 0;
    this.#part("delete-all").disabled = all.every(({ status }) => status === UNDONE);
    this.#part("sent").replaceChildren(...all.reverse().map(entry));
  }

  async #delete(which) {
    const inside = this.#part("sent").contains(document.activeElement);
    this.#tell("Deleting …");
    const chosen = (await records.all()).filter(which);
    await outbox.takeBack(...chosen.map(({ id }) => id));
    const left = (await records.all()).filter(which).length;
    this.#tell(left ? "Deleted as soon as the server can be reached." : "Deleted.");
    if (inside || !this.#dialog.contains(document.activeElement)) this.#part("deleted").focus();
  }

  #tell(text) { this.#part("deleted").textContent = text; }
}

function entry({ id, input, prediction, label, time, status }) {
  const item = document.createElement("li");
  const picture = new Image(28, 28);
  const words = document.createElement("span");
  Object.assign(picture, { className: "pixels", src: input, alt: "" });
  const said = LABELS[label] ?? nameOf(label);
  words.textContent = `Read as ${nameOf(prediction)}; you said ${prediction === label ? "right" : said}.`;
  const small = document.createElement("small");
  small.textContent = `${new Date(time).toLocaleString([], { dateStyle: "medium", timeStyle: "short" })}. ${STATES[status]}`;
  words.append(small);
  const button = document.createElement("button");
  Object.assign(button, { type: "button", textContent: "Delete", disabled: status === UNDONE });
  button.setAttribute("aria-label", `Delete ${nameOf(prediction)} of ${new Date(time).toLocaleTimeString()}`);
  button.dataset.id = id;
  item.append(picture, words, button);
  return item;
}

export const privacy = new Privacy();

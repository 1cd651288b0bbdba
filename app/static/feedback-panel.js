// The controls below an answer: to judge it, what became of that, and Undo.
import { consent } from "./consent.js";
import { SAVING, SENT, outbox } from "./outbox.js";
import { records } from "./records.js";

const JUDGEMENTS = ["right", "wrong", "none"];

export class FeedbackPanel {
  #root = document.querySelector("[data-feedback]");

  part(name) { return this.#root.querySelector(`[data-${name}]`); }
  on(name, pressed) { this.part(name).addEventListener("click", pressed); }

  /** Whether the labels are open. */
  set choosing(yes) { this.part("wrong").setAttribute("aria-expanded", yes); }

  /**
   * Shows what can be judged (`offer`, or null), what was said of it (`record`, or null), how that went (`told`), what
   * became of an earlier one (`lost`), and how many others wait to be sent.
   */
  show({ offer, record, told, lost, waiting = 0 }) {
    this.keepFocus(() => {
      this.part("judge").hidden = record !== null || consent.refused;
      for (const name of JUDGEMENTS) this.part(name).disabled = !offer;
      this.part("told").textContent = told;
      this.part("take-back").hidden = !record?.id;
      this.part("about").textContent = consent.refused ? "Keeping is off. Change that" : "What is kept?";
      this.part("waiting").textContent = lost + counted(waiting);
    });
  }

  /** Makes a change. Where it takes away what had the focus, the focus goes to what took its place. */
  keepFocus(change) {
    const held = this.#holdsFocus;
    change();
    if (!held) return;
    const focused = document.activeElement;
    const stays = this.#holdsFocus && focused.offsetParent && !focused.disabled; // browsers differ in when it is lost
    if (!stays) this.part(this.part("judge").hidden ? "told" : "judge").focus({ preventScroll: true });
  }

  get #holdsFocus() { return this.#root.contains(document.activeElement); }
}

/** What became of a record, in words. */
export function words({ status }) {
  if (status === SENT) return "Saved. Thank you.";
  if (status === SAVING || !outbox.problem) return "Saving …";
  const where = records.lasting ? "Kept on this device" : "Kept in this page while it is open";
  if (outbox.problem.status === 0) return `${where}, will be sent when the connection is back.`;
  return `${where}: the server cannot save it now. It will be sent again.`;
}

function counted(waiting) {
  if (waiting === 0) return "";
  if (waiting === 1) return "1 earlier answer waits on this device to be sent.";
  return `${waiting} earlier answers wait on this device to be sent.`;
}

// One prompt on the pad: what is drawn is read as it grows, until it is read as the prompt.
import { predict } from "./api.js";
import { Pad } from "./canvas.js";
import { KeyPen } from "./key-pen.js";
import { nameOf } from "./labels.js";
import { Live } from "./live.js";
import { Drawing, pictureOf } from "./strokes.js";
import { Tools } from "./tools.js";

const EVERY = 150; // milliseconds between questions while a stroke grows
const MAJORITY = 0.5;

/** Emits "guess" with { answer } or with { problem }, and "read" with { answer, picture } once it is the prompt. */
export class Round extends EventTarget {
  #root = document.querySelector("[data-game]");
  #alike = JSON.parse(this.#root.dataset.alike);
  #canvas = this.#root.querySelector("[data-pad]");
  #drawing = new Drawing();
  #pad = new Pad(this.#canvas, this.#drawing);
  #tools = new Tools(this.#pad, this.#drawing);
  #keyPen = new KeyPen(this.#canvas, this.#pad, this.#drawing);
  #live = new Live();
  #soon = null;
  #prompt = null;
  #mode = null;
  #last = null; // what was answered last: { answer, picture }

  constructor() {
    super();
    this.#pad.addEventListener("ink", () => { this.#soon ??= setTimeout(() => this.#ask(false), EVERY); });
    for (const source of [this.#pad, this.#tools]) source.addEventListener("change", () => this.#ask(true));
    this.#live.addEventListener("answer", ({ detail: { answer, picture } }) => this.#answered(answer, picture));
    this.#live.addEventListener("problem", ({ detail: { problem } }) => {
      if (problem.passing) this.#tell("guess", { problem });
    });
  }

  /** A blank sheet for a prompt. */
  begin(prompt, mode) {
    this.#prompt = prompt;
    this.#mode = mode;
    this.#last = null;
    this.#drawing.forget();
    this.#keyPen.reset();
    this.#pad.lift();
    this.#tools.refresh();
    this.#open = true;
    this.#canvas.focus({ preventScroll: true });
  }

  /** Lets the same drawing go on after it was held. */
  resume() {
    this.#open = true;
    this.#ask(true);
  }

  /** Takes the pen away. */
  hold() {
    clearTimeout(this.#soon);
    this.#soon = null;
    this.#open = false;
    this.#keyPen.reset();
    this.#pad.lift();
    this.#live.stop();
  }

  /** The drawing as it is sent, or null where there is none. */
  get picture() { return this.#drawing.isBlank ? null : pictureOf(this.#drawing.strokes); }

  /** What the model thinks of the drawing as it is, or null where that cannot be known. */
  async thought() {
    const { picture } = this;
    if (!picture) return null;
    if (this.#last?.picture === picture) return this.#last.answer;
    return predict(picture, { mode: this.#mode }).catch(() => null);
  }

  isPrompt({ probabilities }) {
    return this.#alike[this.#prompt].reduce((sum, label) => sum + (probabilities[label] ?? 0), 0) > MAJORITY;
  }

  set #open(yes) { this.#canvas.closest(".work").inert = !yes; }
  get #open() { return !this.#canvas.closest(".work").inert; }

  #ask(settled) {
    clearTimeout(this.#soon);
    this.#soon = null;
    this.#tools.refresh();
    if (!this.#open) return;
    if (this.#drawing.isBlank) {
      this.#live.stop();
      this.#tell("guess", {});
      return;
    }
    const { strokes } = this.#drawing;
    this.#live.want({ picture: () => pictureOf(strokes), mode: this.#mode, settled });
  }

  #answered(answer, picture) {
    if (!this.#open) return;
    this.#last = { answer, picture };
    this.#tell("guess", { answer });
    if (this.isPrompt(answer)) this.#tell("read", { answer, picture });
  }

  #tell(type, detail) { this.dispatchEvent(new CustomEvent(type, { detail })); }
}

/** What the model thinks, in words. */
export function thoughtOf({ prediction, confidence }) {
  return confidence > MAJORITY ? `Looks like ${nameOf(prediction)}` : `Perhaps ${nameOf(prediction)} …`;
}

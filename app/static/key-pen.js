// A pen for the keyboard: arrows move it, Space puts it down and lifts it.
import { newStroke } from "./strokes.js";

const STEP = 0.04; // of the canvas's side
const SMALL = 0.01;
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const within = (x) => Math.min(0.98, Math.max(0.02, x));

/** Draws into a drawing that `pad` shows, in whose name it emits "ink" and "change". */
export class KeyPen {
  #pad;
  #drawing;
  #place = [0.5, 0.3];
  #stroke = null;
  #nib = document.createElement("span");

  constructor(canvas, pad, drawing) {
    this.#pad = pad;
    this.#drawing = drawing;
    this.#nib.className = "key-pen";
    this.#nib.setAttribute("aria-hidden", "true");
    canvas.after(this.#nib);
    canvas.addEventListener("keydown", (event) => this.#press(event));
    canvas.addEventListener("blur", () => this.lift());
    canvas.addEventListener("pointerdown", () => this.lift());
    this.#show();
  }

  /** Lifts the pen. */
  lift() {
    if (!this.#stroke) return;
    this.#stroke = null;
    this.#show();
    this.#pad.dispatchEvent(new Event("change"));
  }

  /** Back to the middle, lifted, and nothing said of it. */
  reset() {
    this.#stroke = null;
    this.#place = [0.5, 0.3];
    this.#show();
  }

  #press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const way = WAYS[event.key];
    if (event.key === " " && !event.repeat) this.#toggle();
    else if (way) this.#move(way, event.shiftKey ? SMALL : STEP);
    else if (event.key !== " ") return;
    event.preventDefault();
  }

  #toggle() {
    if (this.#stroke) {
      this.lift();
      return;
    }
    if (this.#pad.isDrawing) return;
    this.#stroke = newStroke(this.#pad.pen);
    this.#stroke.points.push(this.#place);
    this.#drawing.add(this.#stroke);
    this.#inked();
  }

  #move([right, down], step) {
    this.#place = [within(this.#place[0] + right * step), within(this.#place[1] + down * step)];
    if (this.#stroke && !this.#drawing.strokes.includes(this.#stroke)) this.#stroke = null; // undone, or cleared
    if (!this.#stroke) {
      this.#show();
      return;
    }
    this.#stroke.points.push(this.#place);
    this.#inked();
  }

  #inked() {
    this.#pad.repaint();
    this.#show();
    this.#pad.dispatchEvent(new Event("ink"));
  }

  #show() {
    this.#nib.style.left = `${this.#place[0] * 100}%`;
    this.#nib.style.top = `${this.#place[1] * 100}%`;
    this.#nib.classList.toggle("down", this.#stroke !== null);
  }
}

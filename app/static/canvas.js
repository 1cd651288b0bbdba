// Pointers in, strokes out. Emits "ink" while a stroke grows and "change" when the drawing has settled.
import { newStroke, paintDrawing, paintStroke } from "./strokes.js";

const rounded = (x) => Math.round(x * 1e4) / 1e4; // a tenth of a pixel on a wide screen; keeps what is stored small

export class Pad extends EventTarget {
  pen = "medium";
  #canvas;
  #context;
  #drawing;
  #pointer = null; // of the stroke under way: its id and its type
  #stroke = null;
  #painted = 0; // points of the stroke under way that are on the screen
  #penSeen = false;

  constructor(canvas, drawing) {
    super();
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d");
    this.#drawing = drawing;
    canvas.addEventListener("pointerdown", (event) => this.#begin(event));
    canvas.addEventListener("pointermove", (event) => this.#extend(event));
    canvas.addEventListener("pointerup", (event) => this.#end(event));
    canvas.addEventListener("pointercancel", (event) => this.#end(event));
    canvas.addEventListener("contextmenu", (event) => {
      if (event.pointerType !== "mouse") event.preventDefault(); // a pen or a finger that rests is no right click
    });
    new ResizeObserver(() => this.repaint()).observe(canvas);
    this.#followDensity();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.repaint());
  }

  get isDrawing() { return this.#stroke !== null; }

  /** Paints all strokes anew, at the size, density and colour of the moment. */
  repaint() {
    const side = Math.max(1, Math.round(this.#canvas.clientWidth * devicePixelRatio));
    if (this.#canvas.width !== side) this.#canvas.width = this.#canvas.height = side;
    this.#context.fillStyle = this.#context.strokeStyle = getComputedStyle(this.#canvas).color;
    paintDrawing(this.#context, this.#drawing.strokes, side);
    this.#painted = this.#stroke?.points.length ?? 0;
  }

  /** A zoom, or another screen, changes the density and maybe not the size, and then nothing else tells. */
  #followDensity() {
    const same = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    same.addEventListener("change", () => {
      this.repaint();
      this.#followDensity();
    }, { once: true });
  }

  #begin(event) {
    if (event.pointerType === "pen") {
      this.#penSeen = true;
      if (this.#pointer?.type === "touch") this.#withdraw(); // it was the palm, landing before the pen
    }
    const isPalm = this.#penSeen && event.pointerType === "touch";
    const isEraserEnd = event.pointerType === "pen" && event.button === 5;
    if (this.#stroke || isPalm || !(event.button === 0 || isEraserEnd)) return;
    this.#canvas.setPointerCapture(event.pointerId);
    this.#pointer = { id: event.pointerId, type: event.pointerType };
    this.#stroke = newStroke(isEraserEnd ? "eraser" : this.pen);
    this.#painted = 0;
    this.#take(event);
    this.#drawing.add(this.#stroke);
    this.#show();
  }

  #extend(event) {
    if (event.pointerId !== this.#pointer?.id) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length ? events : [event]) this.#take(each);
    this.#show();
  }

  #end(event) {
    if (event.pointerId !== this.#pointer?.id) return;
    if (event.type === "pointerup") this.#take(event); // a cancelled pointer no longer says where it is
    this.#pointer = this.#stroke = null;
    this.repaint();
    this.dispatchEvent(new Event("change"));
  }

  /** Ends the stroke under way, if there is one, as it is. */
  lift() {
    this.#pointer = this.#stroke = null;
    this.repaint();
  }

  #withdraw() {
    this.#drawing.withdraw();
    this.lift();
  }

  #take({ clientX, clientY }) {
    const { left, top, width } = this.#canvas.getBoundingClientRect();
    const point = [rounded((clientX - left) / width), rounded((clientY - top) / width)];
    const last = this.#stroke.points.at(-1);
    if (last?.[0] !== point[0] || last?.[1] !== point[1]) this.#stroke.points.push(point);
  }

  #show() {
    if (this.#painted === this.#stroke.points.length) return;
    paintStroke(this.#context, this.#stroke, { from: this.#painted, ended: false });
    this.#painted = this.#stroke.points.length;
    this.dispatchEvent(new Event("ink"));
  }
}

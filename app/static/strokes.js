// A drawing is its strokes, in coordinates where the canvas is 1 x 1: canvases of any size and density are painted from them.

const PENS = { thin: 0.025, medium: 0.045, thick: 0.08, eraser: 0.11 }; // width as a part of the canvas's side
const SENT_SIDE = 280; // pixels: ten to one of the model's 28, and the same on every screen

const isPoint = (point) => Array.isArray(point) && point.length === 2 && point.every(Number.isFinite);

/** Whether a value can be painted as a stroke: one that was stored may be of another version of this page. */
export function isStroke(value) {
  return Number.isFinite(value?.width) && Array.isArray(value.points) && value.points.length > 0 && value.points.every(isPoint);
}

export function newStroke(pen) {
  return { width: PENS[pen], erases: pen === "eraser", points: [] };
}

/** The strokes now, and those before and after: every change, clearing included, is a step that can be undone. */
export class Drawing {
  #states = [[]];
  #now = 0;

  constructor(strokes = []) {
    strokes.forEach((stroke) => this.add(stroke));
  }

  get strokes() { return this.#states[this.#now]; }
  get isBlank() { return this.strokes.every((stroke) => stroke.erases); }
  get canUndo() { return this.#now > 0; }
  get canRedo() { return this.#now < this.#states.length - 1; }

  add(stroke) { this.#become([...this.strokes, stroke]); }
  clear() { if (this.strokes.length) this.#become([]); }
  undo() { if (this.canUndo) this.#now -= 1; }
  redo() { if (this.canRedo) this.#now += 1; }

  /** Takes back a last stroke that was never meant: redo does not bring it. */
  withdraw() {
    this.undo();
    this.#states.length = this.#now + 1;
  }

  /** An empty sheet: nothing of what was can be brought back. */
  forget() {
    this.#states = [[]];
    this.#now = 0;
  }

  #become(strokes) {
    this.#states.length = this.#now + 1;
    this.#states.push(strokes);
    this.#now += 1;
  }
}

/**
 * Paints a stroke as a curve through the midpoints of its points, in a context whose unit is the canvas's side.
 * From point number `from` on, so that a stroke under way is painted piece by piece; its last half piece when it has `ended`.
 */
export function paintStroke(context, { points, width, erases }, { from = 0, ended = true } = {}) {
  const middle = (i) => [(points[i - 1][0] + points[i][0]) / 2, (points[i - 1][1] + points[i][1]) / 2];
  context.globalCompositeOperation = erases ? "destination-out" : "source-over";
  context.lineWidth = width;
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  if (from === 0) {
    context.arc(...points[0], width / 2, 0, 2 * Math.PI);
    context.fill();
    context.beginPath();
  }
  const first = Math.max(from, 1);
  context.moveTo(...(first === 1 ? points[0] : middle(first - 1)));
  for (let i = first; i < points.length; i += 1) context.quadraticCurveTo(...points[i - 1], ...middle(i));
  if (ended) context.lineTo(...points.at(-1));
  context.stroke();
}

/** Paints the strokes alone, on nothing, on a canvas of side x side pixels. */
export function paintDrawing(context, strokes, side) {
  context.setTransform(side, 0, 0, side, 0, 0);
  context.clearRect(0, 0, 1, 1);
  for (const stroke of strokes) paintStroke(context, stroke);
}

let sent; // the canvas that pictures are taken of, made once

/** The drawing as a PNG data URL, black on white, 280 x 280: the same whatever the screen, its density or its theme. */
export function pictureOf(strokes) {
  sent ??= Object.assign(document.createElement("canvas"), { width: SENT_SIDE, height: SENT_SIDE });
  const context = sent.getContext("2d", { willReadFrequently: true });
  context.fillStyle = context.strokeStyle = "#000";
  paintDrawing(context, strokes, SENT_SIDE);
  context.globalCompositeOperation = "destination-over";
  context.fillStyle = "#fff";
  context.fillRect(0, 0, 1, 1);
  return sent.toDataURL("image/png");
}

// The tools below a pad: pens, eraser, undo, redo and clear, with their keys.

const PENS = { 1: "thin", 2: "medium", 3: "thick", e: "eraser" }; // keys while the canvas has the focus

const one = (name) => document.querySelector(`[data-${name}]`);

/** Emits "change" when a tool has changed the drawing. */
export class Tools extends EventTarget {
  #pad;
  #drawing;

  constructor(pad, drawing) {
    super();
    this.#pad = pad;
    this.#drawing = drawing;
    one("pens").addEventListener("change", (event) => { pad.pen = event.target.value; });
    for (const how of ["undo", "redo", "clear"]) one(how).addEventListener("click", () => this.#change(how));
    addEventListener("keydown", (event) => this.#press(event));
    pad.addEventListener("ink", () => { one("hint").hidden = true; });
  }

  /** Shows which tools have something to do. */
  refresh() {
    one("hint").hidden = this.#drawing.strokes.length > 0;
    one("undo").disabled = !this.#drawing.canUndo;
    one("redo").disabled = !this.#drawing.canRedo;
    one("clear").disabled = this.#drawing.strokes.length === 0;
  }

  #press(event) {
    const isElsewhere = document.querySelector("dialog[open]") || event.target.matches("input[type=text]");
    if (isElsewhere || one("pad").closest("[inert], [hidden]")) return;
    const command = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    if (!command && !event.altKey && event.target === one("pad") && PENS[key]) this.#take(PENS[key]);
    const how = command && key === "z" ? (event.shiftKey ? "redo" : "undo")
      : command && key === "y" ? "redo"
      : !command && key === "delete" ? "clear" : null;
    if (!how) return;
    event.preventDefault();
    this.#change(how);
  }

  #take(pen) {
    this.#pad.pen = pen;
    one("pens").querySelector(`[value=${pen}]`).checked = true;
  }

  #change(how) {
    if (this.#pad.isDrawing) return;
    this.#drawing[how]();
    this.#pad.repaint();
    this.dispatchEvent(new Event("change"));
  }
}

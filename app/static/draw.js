// The pages with a canvas: joins the pad, its tools, the mode and the answer.
import { Pad } from "./canvas.js";
import { Feedback } from "./feedback.js";
import { Live } from "./live.js";
import { Modes } from "./modes.js";
import { Result } from "./result.js";
import { Drawing, pictureOf } from "./strokes.js";

const EVERY = 150; // milliseconds between questions while a stroke grows
const KEPT = "inkloop.drawing";

function kept() {
  try {
    return new Drawing(JSON.parse(sessionStorage.getItem(KEPT)) ?? []);
  } catch {
    return new Drawing();
  }
}

function keep() {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(drawing.strokes));
  } catch { /* storage is full or forbidden: the drawing only does not outlive the page */ }
}

const one = (name) => document.querySelector(`[data-${name}]`);
const drawing = kept();
const pad = new Pad(one("pad"), drawing);
const live = new Live();
const modes = new Modes();
const result = new Result();
const feedback = new Feedback((text) => result.say(text));
let soon = null;

function ask(settled) {
  clearTimeout(soon);
  soon = null;
  feedback.withdraw();
  if (drawing.isBlank) {
    live.stop();
    result.empty();
    return;
  }
  const { strokes } = drawing;
  live.want({ picture: () => pictureOf(strokes), mode: modes.value, steps: settled && result.wantsSteps, settled });
}

function refresh() {
  one("hint").hidden = drawing.strokes.length > 0;
  one("undo").disabled = !drawing.canUndo;
  one("redo").disabled = !drawing.canRedo;
  one("clear").disabled = drawing.strokes.length === 0;
}

function settle() {
  keep();
  refresh();
  ask(true);
}

function change(how) {
  if (pad.isDrawing) return;
  drawing[how]();
  pad.repaint();
  settle();
}

pad.addEventListener("ink", () => {
  feedback.withdraw();
  one("hint").hidden = true;
  soon ??= setTimeout(() => ask(false), EVERY);
});
pad.addEventListener("change", settle);
modes.addEventListener("change", () => ask(!pad.isDrawing));
result.onSteps(() => ask(!pad.isDrawing));

live.addEventListener("answer", ({ detail: { answer, request, picture } }) => {
  result.show(answer);
  if (request.settled && !pad.isDrawing) feedback.offer(picture, answer);
});
live.addEventListener("slow", () => result.age("Still reading …"));
live.addEventListener("problem", ({ detail: { problem, request } }) => {
  if (problem.passing) result.age(problem.message);
  else if (request.settled) result.empty(problem.message); // half a stroke may not be a character yet
});

one("pens").addEventListener("change", (event) => { pad.pen = event.target.value; });
for (const how of ["undo", "redo", "clear"]) one(how).addEventListener("click", () => change(how));
addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]")) return;
  const command = event.ctrlKey || event.metaKey;
  const key = event.key.toLowerCase();
  const how = command && key === "z" ? (event.shiftKey ? "redo" : "undo")
    : command && key === "y" ? "redo"
    : !command && key === "delete" ? "clear" : null;
  if (!how) return;
  event.preventDefault();
  change(how);
});

refresh();
pad.repaint();
if (!drawing.isBlank) ask(true);

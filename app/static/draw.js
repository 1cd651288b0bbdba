// The pages with a canvas: joins the pad, its tools, the mode and the answer.
import { Pad } from "./canvas.js";
import { Feedback } from "./feedback.js";
import { KeyPen } from "./key-pen.js";
import { HeatMap } from "./heat-map.js";
import { Live } from "./live.js";
import { Modes } from "./modes.js";
import { Result } from "./result.js";
import { Drawing, isStroke, pictureOf } from "./strokes.js";
import { Tools } from "./tools.js";

const EVERY = 150; // milliseconds between questions while a stroke grows
const KEPT = "inkloop.drawing";

function kept() {
  try {
    return new Drawing(JSON.parse(sessionStorage.getItem(KEPT))?.filter(isStroke));
  } catch {
    return new Drawing();
  }
}

function keep() {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(drawing.strokes));
  } catch { /* storage is full or forbidden: the drawing only does not outlive the page */ }
}

const drawing = kept();
const canvas = document.querySelector("[data-pad]");
const pad = new Pad(canvas, drawing);
const tools = new Tools(pad, drawing);
const live = new Live();
const modes = new Modes();
const result = new Result();
const heatMap = new HeatMap();
const feedback = new Feedback((text) => result.say(text));
let soon = null;

function withdraw() {
  feedback.withdraw();
  heatMap.withdraw();
}

function ask(settled) {
  clearTimeout(soon);
  soon = null;
  withdraw();
  if (drawing.isBlank) {
    live.stop();
    result.empty();
    heatMap.empty();
    return;
  }
  const { strokes } = drawing;
  live.want({ picture: () => pictureOf(strokes), mode: modes.value, steps: settled && result.wantsSteps, settled });
}

function settle() {
  keep();
  tools.refresh();
  ask(true);
}

pad.addEventListener("ink", () => {
  withdraw();
  soon ??= setTimeout(() => ask(false), EVERY);
});
pad.addEventListener("change", settle);
tools.addEventListener("change", settle);
modes.addEventListener("change", () => ask(!pad.isDrawing));
result.onSteps(() => ask(!pad.isDrawing));

live.addEventListener("answer", ({ detail: { answer, request, picture } }) => {
  const settled = request.settled && !pad.isDrawing;
  result.show(answer, { aloud: settled });
  if (!settled) return;
  feedback.offer(picture, answer);
  heatMap.offer(picture, answer);
});
live.addEventListener("slow", () => result.age("Still reading …"));
live.addEventListener("problem", ({ detail: { problem, request } }) => {
  if (problem.passing) result.age(problem.message);
  else if (request.settled) result.empty(problem.message); // half a stroke may not be a character yet
});

new KeyPen(canvas, pad, drawing);
tools.refresh();
pad.repaint();
if (!drawing.isBlank) ask(true);

// The answer panel: what was read, how sure that is, everything else it might be, and what the model saw.
import { nameOf, sentence } from "./labels.js";

const SETTLING = 800; // milliseconds without another answer before it is read aloud
// The odds of "extremely likely" and "likely" in the IPCC's calibrated language (Mastrandrea et al., 2010).
const WORDS = [[0.95, "Very sure"], [0.66, "Fairly sure"], [0, "Leaning this way"]];
const DOUBT = 0.98; // `not_a_character` from which a picture is doubted: one character in fifty looks as odd
const RUNNERS = 3;
const LEAST = 0.001; // below this a runner-up says nothing

function perCent(probability) {
  if (probability > 0.999) return "over 99.9\u00a0%";
  return `${(probability * 100).toFixed(1)}\u00a0%`;
}

export class Result {
  #root = document.querySelector("[data-result]");
  #sureFrom = JSON.parse(this.#root.dataset.sureFrom); // for each mode, below which confidence it is "not sure"
  #wells = [...this.#root.querySelectorAll("[data-label]")].map((well) => new Well(well));
  #aloud = null;
  #opened = () => {};

  constructor() {
    this.#part("steps")?.addEventListener("click", (event) => this.#toggleSteps(event.currentTarget));
  }

  #part(name) { return this.#root.querySelector(`[data-${name}]`); }

  /** Shows an answer of POST /api/predict; `aloud`: also reads it aloud. */
  show({ prediction, confidence, not_a_character: oddness, mode, probabilities, input, steps }, { aloud = true } = {}) {
    const isDoubted = oddness >= DOUBT;
    const isSure = !isDoubted && confidence >= (this.#sureFrom[mode] ?? 0);
    const word = isSure ? WORDS.find(([least]) => confidence >= least)[1] : "Not sure";
    const verdict = isDoubted ? "Maybe not a character" : `${word}, ${perCent(confidence)}`;
    const name = isSure ? nameOf(prediction) : `perhaps ${nameOf(prediction)}`;
    const ranked = Object.entries(probabilities).sort(([, p], [, q]) => q - p);
    const runners = ranked.filter(([label, p]) => label !== prediction && p >= LEAST).slice(0, RUNNERS);
    this.#root.dataset.state = "fresh";
    this.#part("glyph").textContent = prediction;
    this.#root.classList.toggle("unsure", !isSure);
    this.#part("name").textContent = sentence(name);
    this.#part("sure").textContent = verdict;
    this.#part("runners").replaceChildren(...runners.map(runnerUp));
    this.#part("message").textContent = "";
    this.#picture(this.#part("input"), input, `What the model read as ${nameOf(prediction)}: 28 by 28 pixels`);
    this.#fill(probabilities, prediction);
    if (steps) this.#walk(steps);
    if (!aloud) return;
    const others = runners.map(([label, p]) => `${nameOf(label)} ${perCent(p)}`).join(", ");
    this.say(`${isSure ? "Read as " : "Not clear: "}${name}. ${verdict}.${others && ` Otherwise ${others}.`}`);
  }

  /** Keeps the last answer, marked as one for an earlier state, and says why. */
  age(why) {
    if (this.#root.dataset.state === "fresh") this.#root.dataset.state = "old";
    this.#part("message").textContent = why;
    this.say(why);
  }

  /** Back to the start; `why` says what is amiss, if anything is. */
  empty(why = "") {
    this.#root.dataset.state = "empty";
    this.#root.classList.remove("unsure");
    this.#part("glyph").textContent = this.#part("sure").textContent = "";
    this.#part("name").textContent = why ? "No answer" : "Nothing to read yet";
    this.#part("runners").replaceChildren();
    this.#part("message").textContent = why;
    for (const image of this.#root.querySelectorAll("img")) image.hidden = true;
    this.#fill({}, null);
    this.say(why);
  }

  /** Calls `opened` when the steps are called for. */
  onSteps(opened) { this.#opened = opened; }

  get wantsSteps() { return this.#part("steps")?.getAttribute("aria-expanded") === "true"; }

  #toggleSteps(button) {
    const open = !this.wantsSteps;
    button.setAttribute("aria-expanded", open);
    button.textContent = open ? "Hide the steps" : "Show the steps";
    this.#part("step-list").hidden = !open;
    if (open) this.#opened();
  }

  #fill(probabilities, winner) {
    for (const well of this.#wells) well.show(probabilities[well.label] ?? 0, well.label === winner);
  }

  #walk(steps) {
    for (const image of this.#root.querySelectorAll("[data-step]")) {
      this.#picture(image, steps[image.dataset.step], "");
    }
  }

  #picture(image, source, alt) {
    Object.assign(image, { src: source, alt, hidden: false });
  }

  /** Reads a sentence aloud, once nothing else has come up for a moment. */
  say(text) {
    clearTimeout(this.#aloud);
    this.#aloud = setTimeout(() => { this.#part("live").textContent = text; }, SETTLING);
  }
}

/** The bar of one class. What stays as it was is not touched: most of 62 do while a stroke grows, and each costs a layout. */
class Well {
  #element;
  #shown = "";

  constructor(element) { this.#element = element; }

  get label() { return this.#element.dataset.label; }

  show(probability, isBest) {
    const value = (probability * 100).toFixed(1);
    const said = perCent(probability);
    const shown = `${value} ${said} ${isBest}`;
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#element.classList.toggle("best", isBest);
    this.#element.setAttribute("aria-valuenow", value);
    this.#element.setAttribute("aria-valuetext", said);
    this.#element.title = `${nameOf(this.label)}: ${said}`;
    this.#element.dataset.perCent = probability >= 0.005 ? Math.round(probability * 100) : "";
    this.#element.style.setProperty("--probability", value / 100);
  }
}

function runnerUp([label, probability]) {
  const item = document.createElement("li");
  const name = document.createElement("span");
  name.className = "label";
  name.textContent = label;
  name.title = nameOf(label);
  item.append(name, ` ${perCent(probability)}`);
  return item;
}

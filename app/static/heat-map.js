// What mattered, on request: the ink that the model saw, glowing where covering it changes the answer.
import { Problem, explain } from "./api.js";
import { nameOf, sentence } from "./labels.js";

const SIDE = 28;
const FOR = [255, 157, 31];
const AGAINST = [63, 140, 255];
const PAPER = [0, 0, 0];
const INK = [150, 158, 178];
const LEAST = 0.02; // where no part changes the confidence by this much, none decides
const ROWS = ["upper", "middle", "lower"];
const COLUMNS = ["left", "middle", "right"];

export class HeatMap {
  #button = document.querySelector("[data-heat]"); // not on every page with a canvas
  #offer = null; // the picture to be explained, and its mode
  #asking = null; // stops the request under way

  constructor() {
    this.#button?.addEventListener("click", () => this.#toggle());
  }

  /** A picture, as it was sent, and its answer; explained at once where that was asked for. */
  offer(picture, { mode }) {
    this.#offer = { picture, mode };
    if (this.#isOpen) this.#ask();
  }

  /** The picture has changed: what is shown is of an earlier one. */
  withdraw() {
    this.#asking?.abort();
    this.#offer = null;
    this.#picture?.classList.add("old");
  }

  /** There is no drawing any more. */
  empty() {
    this.withdraw();
    if (this.#button) this.#become(new ImageData(SIDE, SIDE), { says: "Draw something first.", label: "Nothing to explain yet" });
  }

  get #isOpen() { return this.#button?.getAttribute("aria-expanded") === "true"; }
  get #picture() { return document.querySelector("[data-heat-picture]"); }

  #toggle() {
    const open = !this.#isOpen;
    this.#button.setAttribute("aria-expanded", open);
    this.#button.textContent = open ? "Hide what mattered" : "Show what mattered";
    document.querySelector("[data-heat-map]").hidden = !open;
    if (open && this.#offer) this.#ask();
  }

  #say(text) { document.querySelector("[data-heat-says]").textContent = text; }

  async #ask() {
    this.#asking?.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    try {
      const found = await explain(this.#offer.picture, { ...this.#offer, signal });
      const ink = await pixelsOf(found.input);
      if (!signal.aborted) this.#show(found, ink);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Problem)) throw error;
      this.#say(error.passing ? `${error.message.replace(" Trying again.", "")} Draw on, or ask again.` : error.message);
    }
  }

  #show({ prediction, importance }, ink) {
    const says = sentence(inWords(nameOf(prediction), importance));
    this.#become(glowing(ink, importance.flat()), { says, label: `Heat map. ${says}` });
  }

  #become(pixels, { says, label }) {
    const canvas = this.#picture;
    canvas.getContext("2d").putImageData(pixels, 0, 0);
    canvas.classList.remove("old");
    canvas.setAttribute("aria-label", label);
    this.#say(says);
  }
}

/** The brightness of the ink, 0 to 1, pixel by pixel. */
async function pixelsOf(address) {
  const image = Object.assign(new Image(), { src: address });
  await image.decode();
  const context = new OffscreenCanvas(SIDE, SIDE).getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, SIDE, SIDE);
  return Array.from({ length: SIDE * SIDE }, (_, i) => data[4 * i] / 255);
}

function glowing(ink, importance) {
  const most = Math.max(LEAST, ...importance.map(Math.abs));
  const pixels = new ImageData(SIDE, SIDE);
  const mix = (from, to, part) => from.map((value, i) => value + (to[i] - value) * part);
  importance.forEach((value, i) => {
    const glow = Math.abs(value) / most;
    const hue = value > 0 ? FOR : AGAINST;
    pixels.data.set([...mix(mix(PAPER, hue, 0.4 * glow), mix(INK, hue, glow), ink[i]), 255], 4 * i);
  });
  return pixels;
}

/** Where the answer rests most: the third of rows and columns where the glow is brightest. */
function inWords(name, importance) {
  const most = Math.max(...importance.flat());
  if (most < LEAST) return `${name} rests on no single part: with any of them covered, it is read about as surely.`;
  const row = importance.findIndex((values) => values.includes(most));
  const third = (place) => Math.floor((3 * place) / SIDE);
  const [up, across] = [ROWS[third(row)], COLUMNS[third(importance[row].indexOf(most))]];
  const where = up === across ? "middle" : up === "middle" ? `${across} side` : across === "middle" ? `${up} part` : `${up} ${across}`;
  return `${name} rests most on its ${where}.`;
}

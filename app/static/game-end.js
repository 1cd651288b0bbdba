// The end of a game: every drawing, and what the model thought of it.
import { nameOf, sentence } from "./labels.js";

const RUNNERS = 2;
const LEAST = 0.05;

const perCent = (probability) => `${Math.round(probability * 100)}\u00a0%`;

/** Shows { prompt, picture, answer, recognised, seconds, points, skipped } of each round, and their sum. */
export function showEnd(rounds, total, kept) {
  const part = (name) => document.querySelector(`[data-${name}]`);
  const read = rounds.filter(({ recognised }) => recognised).length;
  part("total").textContent = `${total.toLocaleString("en")} points`;
  part("summary").textContent = `${read} of ${rounds.length} read in time.`;
  part("gallery").replaceChildren(...rounds.map(card));
  part("kept-drawings").textContent = kept ? `${kept} of these drawings ${kept === 1 ? "is" : "are"} kept, as you agreed.` : "None of these drawings is kept.";
}

function card({ prompt, picture, answer, recognised, seconds, points, skipped }) {
  const item = document.createElement("li");
  item.className = recognised ? "read" : "missed";
  const result = recognised ? `${seconds.toFixed(1)}\u00a0s, ${points} points` : skipped ? "Skipped" : "Not read in time";
  item.append(
    sheet(picture, prompt),
    text("h2", sentence(nameOf(prompt))),
    text("p", thought(answer, picture)),
    text("p", result, "points"),
  );
  return item;
}

/** The drawing as a small sheet; a blank one where there is none. */
export function sheet(picture, prompt) {
  const frame = document.createElement("div");
  frame.className = "sheet";
  if (picture) frame.append(Object.assign(new Image(280, 280), { src: picture, alt: `Your drawing of ${nameOf(prompt)}` }));
  return frame;
}

function thought(answer, picture) {
  if (!picture) return "Nothing drawn";
  if (!answer) return "The model could not be asked";
  const ranked = Object.entries(answer.probabilities).sort(([, p], [, q]) => q - p);
  const [first, ...others] = ranked.filter(([, p], i) => i === 0 || p >= LEAST).slice(0, 1 + RUNNERS)
    .map(([label, p]) => `${nameOf(label)} ${perCent(p)}`);
  return `Read as ${first}${others.length ? `; else ${others.join(", ")}` : ""}`;
}

function text(tag, content, className = "") {
  return Object.assign(document.createElement(tag), { textContent: content, className });
}

// With consent each round's drawing becomes feedback whose label is the prompt.
import { consent } from "./consent.js";
import { outbox } from "./outbox.js";
import { randomUUID } from "./uuid.js";

/** Keeps { prompt, picture, answer: of POST /api/predict to it }; gives whether it may and could be kept. */
export async function keep({ prompt, picture, answer }) {
  if (!consent.given || !picture || !answer) return false;
  const { prediction, confidence, mode, model, input } = answer;
  const said = { id: randomUUID(), image: picture, mode, prediction, confidence, label: prompt };
  try {
    await outbox.add({ ...said, model_version: model.version, consent: true, browser: consent.browser }, input);
    return true;
  } catch {
    return false; // there is no room to write it down: the game matters more
  }
}

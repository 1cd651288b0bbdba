// Practice: one prompt after the other without a clock, points or anything kept.
import { kindOf } from "./labels.js";

const POOLS = { digit: (label) => kindOf(label) === "digit", character: (label) => kindOf(label) !== "digit", any: () => true };

/** Prompts of a mode in random order, without end; all others come before one comes again. */
export function* practicePrompts(labels, mode) {
  const pool = labels.filter(POOLS[mode]);
  for (;;) {
    for (let i = pool.length - 1; i > 0; i -= 1) {
      const j = Math.floor(Math.random() * (i + 1));
      [pool[i], pool[j]] = [pool[j], pool[i]];
    }
    yield* pool;
  }
}

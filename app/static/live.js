// Answers for a picture that changes faster than they come: one request at a time, and always the last state answered.
import { predict } from "./api.js";

const SLOW = 700; // milliseconds after which the answer on the page counts as old
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 15_000;

export class Live extends EventTarget {
  #wanted = null;
  #giveUp = null; // stops the request under way

  /**
   * Wants an answer for { picture: a function, called when it is sent, mode, steps, settled }.
   * A settled request stops one under way for an earlier state; an unsettled one waits for it, so that answers keep coming.
   * Emits "answer" with { answer, request, picture: as it was sent }, "problem" with { problem, request }, and "slow".
   */
  want(request) {
    this.#wanted = request;
    if (!this.#giveUp) this.#run();
    else if (request.settled) this.#giveUp.abort();
  }

  /** Nothing is to be read any more. */
  stop() {
    this.#wanted = null;
    this.#giveUp?.abort();
  }

  async #run() {
    let failures = 0;
    while (this.#wanted) {
      const request = this.#wanted;
      this.#wanted = null;
      this.#giveUp = new AbortController();
      const { signal } = this.#giveUp;
      const slow = setTimeout(() => this.#tell("slow"), SLOW);
      const picture = request.picture();
      const { answer, problem } = await predict(picture, { ...request, signal })
        .then((answer) => ({ answer }), (problem) => ({ problem }))
        .finally(() => clearTimeout(slow));
      if (signal.aborted) continue;
      if (answer) {
        failures = 0;
        this.#tell("answer", { answer, request, picture });
        continue;
      }
      this.#tell("problem", { problem, request });
      if (!problem.passing) continue;
      await this.#pause(problem.wait ?? Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** failures), signal);
      failures += 1;
      if (!signal.aborted) this.#wanted ??= request;
    }
    this.#giveUp = null;
  }

  /** Waits, until the browser is online again or the request is given up. */
  #pause(milliseconds, signal) {
    return new Promise((resolve) => {
      const waited = new AbortController();
      const done = () => { clearTimeout(timer); waited.abort(); resolve(); };
      const timer = setTimeout(done, milliseconds);
      addEventListener("online", done, { signal: waited.signal });
      signal.addEventListener("abort", done, { signal: waited.signal });
    });
  }

  #tell(type, detail) { this.dispatchEvent(new CustomEvent(type, { detail })); }
}

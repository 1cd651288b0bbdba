// What people said, until the server has it: written down first, then sent, and sent again under the same id.
import { deleteFeedback, sendFeedback } from "./api.js";
import { consent } from "./consent.js";
import { records } from "./records.js";

const REFUSED = [400, 413, 415, 422]; // asking again would change nothing
const BUSY = [429, 503]; // nothing else would be taken now either
const FIRST_WAIT = 2000; // milliseconds
const LONGEST_WAIT = 300_000;
const LONGEST_ASKED = 3_600_000; // of what the server asks for

export const SAVING = "saving"; // not yet written down, so of no record
export const UNSENT = "unsent";
export const SENT = "sent";
export const UNDONE = "undone"; // taken back here; the server has yet to delete it

/** Emits "change" when records may have changed, and "refused" with { id, problem } when the server will never take one. */
class Outbox extends EventTarget {
  /** Why the last round did not empty the outbox, or null. */
  problem = null;
  #turn = Promise.resolve();
  #timer;
  #failures = 0;
  #isHeld = false; // by the server's Retry-After

  start() {
    addEventListener("online", () => this.flush());
    if (consent.given) this.flush();
    else this.takeBackUnsent(); // a page that was left as consent was taken back may not have come to it
  }

  /** Writes down the body of a POST /api/feedback, then tries to send it. `input` is shown in the list of what was sent. */
  async add(body, input) {
    const { id, mode, prediction, label } = body;
    await records.put({ id, mode, prediction, label, input, body, time: Date.now(), status: UNSENT, tried: false });
    this.flush();
  }

  /** Takes some back: forgotten here where they were never sent, otherwise deleted from the server too, now or later. */
  async takeBack(...ids) {
    for (const id of ids) {
      await records.change(id, (now) => (now?.status === UNSENT && !now.tried ? null : undone(id, now)));
    }
    this.dispatchEvent(new Event("change"));
    await this.flush();
  }

  async takeBackUnsent() {
    const unsent = (await records.all()).filter(({ status }) => status === UNSENT);
    await this.takeBack(...unsent.map(({ id }) => id));
  }

  /** Sends what is to be sent, one after the other, and in one tab at a time where the browser can arrange that. */
  flush() {
    const round = () => this.#round();
    this.#turn = this.#turn
      .then(() => (navigator.locks ? navigator.locks.request("inkloop.outbox", round) : round()))
      .catch((problem) => { this.problem = problem; })
      .then(() => this.dispatchEvent(new Event("change")));
    return this.#turn;
  }

  async #round() {
    if (this.#isHeld) return; // the timer is set
    clearTimeout(this.#timer);
    const failed = [];
    for (const { id, status } of await records.all()) {
      if (status === SENT) continue;
      const problem = await this.#settle(id).then(() => null, (error) => error);
      if (problem) failed.push(problem);
      if (BUSY.includes(problem?.status)) break;
    }
    this.problem = failed.at(-1) ?? null;
    if (!this.problem) {
      this.#failures = 0;
      return;
    }
    const { wait: asked } = this.problem;
    const wait = asked ? Math.min(LONGEST_ASKED, asked) : Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#failures);
    this.#failures += 1;
    this.#isHeld = asked !== undefined;
    this.#timer = setTimeout(() => {
      this.#isHeld = false;
      this.flush();
    }, wait);
  }

  /** Throws the Problem, where there is one that passes. */
  async #settle(id) {
    const may = consent.given;
    let record = await records.change(id, (now) => (now?.status === UNSENT && may ? { ...now, tried: true } : now));
    if (record?.status === UNSENT && may) record = await this.#send(record);
    if (record?.status === UNDONE) await this.#delete(record);
  }

  async #send({ id, body }) {
    try {
      await sendFeedback(body);
    } catch (problem) {
      if (!REFUSED.includes(problem.status)) throw problem;
      const left = await records.change(id, (now) => (now?.status === UNSENT ? null : now));
      this.dispatchEvent(new CustomEvent("refused", { detail: { id, problem } }));
      return left;
    }
    return records.change(id, (now) => {
      if (!now) return undone(id); // another tab took it back, and its DELETE came first
      return now.status === UNSENT ? { ...now, status: SENT, body: undefined } : now;
    });
  }

  async #delete({ id }) {
    try {
      await deleteFeedback(id);
    } catch (problem) {
      if (problem.status !== 404) throw problem; // gone is gone
    }
    await records.change(id, () => null);
  }
}

const undone = (id, now = {}) => ({ time: Date.now(), ...now, id, status: UNDONE, body: undefined });

export const outbox = new Outbox();

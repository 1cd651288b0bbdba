// Was that right? What a person says of the answer on the page, and of just the picture that was answered.
import { consent } from "./consent.js";
import { FeedbackPanel, words } from "./feedback-panel.js";
import { SAVING, UNDONE, UNSENT, outbox } from "./outbox.js";
import { Picker } from "./picker.js";
import { privacy } from "./privacy.js";
import { records } from "./records.js";
import { randomUUID } from "./uuid.js";

export class Feedback {
  #panel = new FeedbackPanel();
  #picker = new Picker();
  #say;
  #offer = null; // what can be judged: { image, answer }; once it is, the record's id; `saving` until that is written down
  #told = "";
  #note = ""; // on the offer
  #lost = ""; // on an earlier one

  /** `say` reads a sentence aloud. */
  constructor(say) {
    this.#say = say;
    this.#panel.on("right", () => this.#judge(this.#offer.answer.prediction));
    this.#panel.on("wrong", () => (this.#picker.isOpen ? this.#cancel() : this.#choose()));
    this.#panel.on("none", () => this.#judge("not a character"));
    this.#panel.on("take-back", () => this.#takeBack());
    this.#panel.on("about", () => privacy.open());
    this.#picker.addEventListener("choose", ({ detail }) => this.#judge(detail.label));
    this.#picker.addEventListener("cancel", () => this.#cancel());
    privacy.addEventListener("change", () => this.#show());
    outbox.addEventListener("change", () => this.#show());
    outbox.addEventListener("refused", ({ detail }) => this.#refused(detail));
    outbox.start();
  }

  /** An answer to judge, and its picture (a data URL, or a File or Blob), until it is withdrawn. */
  offer(picture, answer) { this.#become({ image: dataUrl(picture), answer }); }

  /** The picture has changed, or is gone: there is nothing to judge. */
  withdraw() { if (this.#offer) this.#become(null); }

  #become(offer) {
    this.#offer = offer;
    this.#note = "";
    this.#closePicker();
  }

  /** Whether drawings may be kept; asks where that is open. */
  async #mayKeep() {
    if (!consent.given) await privacy.open();
    if (!consent.given) this.#tell("Nothing was sent.");
    return consent.given;
  }

  async #choose() {
    const offer = this.#offer;
    if (!(await this.#mayKeep()) || offer !== this.#offer) return;
    this.#panel.choosing = true;
    this.#picker.open(Object.keys(offer.answer.probabilities));
  }

  #closePicker() {
    this.#panel.keepFocus(() => {
      this.#picker.close();
      this.#show();
    });
  }

  #cancel() {
    this.#closePicker();
    this.#panel.part("wrong").focus();
  }

  async #judge(label) {
    const offer = this.#offer;
    if (!(await this.#mayKeep()) || offer !== this.#offer || offer.id) return;
    const { image, answer: { prediction, confidence, mode, model, input } } = offer;
    Object.assign(offer, { id: randomUUID(), saving: true });
    this.#note = this.#lost = "";
    this.#closePicker();
    try {
      const body = { id: offer.id, image: await image, mode, prediction, confidence, label, model_version: model.version };
      await outbox.add({ ...body, consent: true, browser: consent.browser }, input);
      offer.saving = false;
      this.#show();
    } catch (error) {
      this.#reopen(offer, `This could not be kept until it is sent. ${error.message}`);
    }
  }

  async #takeBack() {
    const offer = this.#offer;
    const { id } = offer;
    this.#note = "Undoing …"; // shown as soon as the record is gone
    await outbox.takeBack(id);
    if (offer !== this.#offer || (offer.id && offer.id !== id)) return; // judged anew
    const left = (await records.all()).some((record) => record.id === id);
    this.#tell(left ? "Undone here. The server deletes it as soon as it can be reached." : "Undone. Nothing of it is kept.");
  }

  #refused({ id, problem }) {
    if (this.#offer?.id === id) {
      this.#reopen(this.#offer, `Not saved: ${problem.message}`);
      return;
    }
    this.#lost = `An earlier answer of yours was not saved: ${problem.message} `;
    this.#say(this.#lost);
    this.#show();
  }

  /** Lets an offer be judged anew. */
  #reopen(offer, why) {
    Object.assign(offer, { id: null, saving: false });
    if (offer === this.#offer) this.#tell(why);
  }

  #tell(note) {
    this.#note = note;
    this.#show();
  }

  async #show() {
    const offer = this.#offer;
    if (!offer) this.#showAs(null);
    if (offer?.saving) {
      this.#showAs({ status: SAVING }); // without a look at the records, which the writing would wait for
      return;
    }
    const all = await records.all();
    if (offer !== this.#offer || offer?.saving) return;
    const record = all.find((each) => isOf(offer, each)) ?? null;
    if (offer?.id && !record) {
      offer.id = null;
      this.#note ||= "Deleted."; // by the list of what was sent
    } else if (record) {
      offer.id = record.id; // said before the page was loaded, or the answer came again
    }
    this.#showAs(record, all.filter((each) => each.status === UNSENT && each !== record).length);
  }

  /** `record`: what was said of the offer, or null. `waiting`: how many others are unsent. */
  #showAs(record, waiting) {
    const told = record ? words(record) : this.#note;
    if (told && told !== this.#told) this.#say(told);
    this.#told = told;
    this.#panel.choosing = this.#picker.isOpen;
    this.#panel.show({ offer: this.#offer, record, told, lost: this.#lost, waiting });
  }
}

const isOf = (offer, { status, input, mode, prediction }) => offer && status !== UNDONE
  && input === offer.answer.input && mode === offer.answer.mode && prediction === offer.answer.prediction;

/** Of a File or Blob a promise of it, read at once: who judges may leave at once. */
function dataUrl(picture) {
  if (typeof picture === "string") return picture;
  const read = new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(picture);
  });
  read.catch(() => {}); // said when it is judged
  return read;
}

// How much of a round is left: a number, and a bar that drains.

const WARNINGS = [10, 5]; // seconds left that are read aloud

export class Clock {
  #root = document.querySelector("[data-game]");
  #timer = null;

  #part(name) { return this.#root.querySelector(`[data-${name}]`); }

  /** Runs for so many seconds from now; calls `warned` with the seconds left now and then, and `over` at the end. */
  run(seconds, { warned, over }) {
    this.stop();
    const end = performance.now() + seconds * 1000;
    let shown = null;
    const tick = () => {
      const left = Math.max(0, end - performance.now()) / 1000;
      this.#part("drain").style.setProperty("--left", left / seconds);
      if (Math.ceil(left) !== shown) {
        shown = Math.ceil(left);
        this.#part("left").textContent = `${shown}\u00a0s`;
        this.#part("clock").classList.toggle("short", shown <= 5);
        if (WARNINGS.includes(shown) && shown < seconds) warned(shown);
      }
      if (left > 0) return;
      this.stop();
      over();
    };
    this.#timer = setInterval(tick, 100);
    tick();
  }

  stop() { clearInterval(this.#timer); }

  /** Whether there is a clock to see. */
  set visible(yes) { this.#part("clock").hidden = this.#part("drain").hidden = !yes; }
}

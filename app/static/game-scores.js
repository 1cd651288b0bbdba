// The leaderboards on the page, and the form that leads there.
import { get, post } from "./api.js";

const SHOWN = 10;
const KINDS = { any: "digits and letters", digit: "digits", character: "letters" };

const grouped = (points) => points.toLocaleString("en");

export class Scores {
  #boards = document.querySelectorAll("[data-board]");
  #form = document.querySelector("[data-enter]");
  #game = null;
  #mode = null;

  constructor() {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#enter();
    });
  }

  /** Shows a mode's leaderboard. */
  async show(mode) {
    this.#mode = mode;
    for (const board of this.#boards) board.querySelector("[data-board-mode]").textContent = `, ${KINDS[mode]}`;
    try {
      const { scores } = await get(`/api/game/scores/${mode}`);
      if (mode === this.#mode) this.#list(scores);
    } catch (problem) {
      if (mode === this.#mode) this.#list([], problem.status === 503 ? problem.message : "The leaderboard cannot be reached now. Games go on without it.");
    }
  }

  /** Offers to put the game of this token on the leaderboard; null: there is none to offer. */
  offer(game) {
    this.#game = game;
    this.#form.hidden = game === null;
    this.#form.querySelector("button").disabled = false;
    this.#tell("");
  }

  async #enter() {
    const input = this.#form.elements.nickname;
    const button = this.#form.querySelector("button");
    if (button.disabled) return;
    if (!input.value.trim()) {
      this.#refuse("Type a nickname first.");
      return;
    }
    button.disabled = true;
    input.removeAttribute("aria-invalid");
    this.#tell("Sending …");
    try {
      const { place, scores } = await post("/api/game/scores", { game: this.#game, nickname: input.value });
      this.#list(scores, "", place);
      this.#tell(place ? `You are number ${place}.` : "Entered, but a hundred others are better.");
      input.blur();
    } catch (problem) {
      button.disabled = problem.status === 409;
      this.#refuse(problem.passing && !problem.status ? "No connection to the server. Try again." : problem.message);
    }
  }

  #refuse(why) {
    const input = this.#form.elements.nickname;
    input.setAttribute("aria-invalid", "true");
    this.#tell(why);
    input.focus();
  }

  #tell(text) { this.#form.querySelector("[data-enter-says]").textContent = text; }

  #list(scores, why = "", mine = null) {
    for (const board of this.#boards) {
      const shown = scores.slice(0, SHOWN).map((score, i) => row(score, i + 1, mine));
      if (mine > SHOWN) shown.push(row(scores[mine - 1], mine, mine));
      board.querySelector("[data-scores]").replaceChildren(...shown);
      board.querySelector("[data-board-says]").textContent = why || (scores.length ? "" : "Nobody yet. Be the first.");
    }
  }
}

function row({ nickname, points }, place, mine) {
  const item = document.createElement("li");
  item.classList.toggle("mine", place === mine);
  const parts = { b: `${place}.`, bdi: nickname, span: grouped(points) };
  item.append(...Object.entries(parts).map(([tag, text]) => Object.assign(document.createElement(tag), { textContent: text })));
  return item;
}

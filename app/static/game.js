// The game page: start, rounds and end, or practice. The server issues each round and judges it.
import { post } from "./api.js";
import { consent } from "./consent.js";
import { Clock } from "./game-clock.js";
import { sheet, showEnd } from "./game-end.js";
import { keep } from "./game-keep.js";
import { practicePrompts } from "./game-practice.js";
import { Round, thoughtOf } from "./game-round.js";
import { Scores } from "./game-scores.js";
import { nameOf } from "./labels.js";
import { Modes } from "./modes.js";
import { outbox } from "./outbox.js";
import { privacy } from "./privacy.js";

const BETWEEN = 1300; // milliseconds to see how a round went
const WAITS = [1000, 2000, 4000, 8000]; // milliseconds before asking again where the connection fails

const root = document.querySelector("[data-game]");
const one = (name) => root.querySelector(`[data-${name}]`);
const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });
const labels = Object.keys(JSON.parse(root.dataset.alike));
const modes = new Modes();
const scores = new Scores();
const clock = new Clock();
const round = new Round();
let run = 0; // which game or practice this is: what belongs to an earlier one is left alone
let done = null; // called when the round under way ends: with { answer, picture }, { skipped }, or {} where its time is up

function show(screen) {
  root.dataset.state = screen;
  for (const each of root.querySelectorAll("[data-screen]")) each.hidden = each.dataset.screen !== screen;
  window.scrollTo(0, 0);
}

function say(text) { one("aloud").textContent = text; }
function guess(text, state = "") { Object.assign(one("guess"), { textContent: text, className: `guess ${state}` }); }
function note(text) { one("note").textContent = text; }

function showPrompt(prompt, number) {
  one("number").textContent = number;
  one("prompt").textContent = prompt;
  one("task").textContent = `Draw ${nameOf(prompt)}`;
  one("next").hidden = true;
  one("skip").hidden = false;
  guess("");
  note("");
  say(`${number}. Draw ${nameOf(prompt)}.`);
}

/** Posts until the server answers, as far as waiting helps. Throws a Problem. */
async function insist(address, body) {
  for (const wait of [...WAITS, null]) {
    try {
      return await post(address, body);
    } catch (problem) {
      if (!problem.passing || wait === null) throw problem;
      note(problem.message);
      await pause(problem.wait ?? wait);
    }
  }
  return null;
}

/** Settles when the drawing is read as the prompt, skipped, or its time is up. */
const ended = () => new Promise((resolve) => { done = resolve; }).finally(() => { done = null; });

/** Plays a round to its end; gives what the end screen shows, and the token of what is next. */
async function playRound(game, mode) {
  const issued = await insist("/api/game/rounds", { game });
  const { number, prompt } = issued;
  showPrompt(prompt, `Round ${number} of ${root.dataset.rounds}`);
  if (!issued.ranked) note("The leaderboard cannot be reached: this game goes on without it.");
  let late = false;
  clock.run(Number(root.dataset.seconds), {
    warned: (left) => say(`${left} seconds left`),
    over() {
      late = true;
      done?.({});
    },
  });
  round.begin(prompt, mode);
  let held, verdict;
  do {
    if (verdict) round.resume(); // the server reads it otherwise: a new model serves since
    held = late ? {} : await ended();
    round.hold();
    const picture = held.picture ?? round.picture;
    const final = !held.answer;
    const judged = insist("/api/game/judgements", { round: issued.round, image: held.skipped ? null : picture, final });
    const [found, thought] = await Promise.all([judged, held.answer ?? round.thought()]);
    verdict = found;
    Object.assign(held, { picture, answer: thought });
  } while (!verdict.over);
  clock.stop();
  return { ...held, ...verdict, prompt };
}

function showVerdict({ recognised, points, prompt, skipped, picture }) {
  one("skip").hidden = true;
  const text = recognised ? `Yes, ${nameOf(prompt)}: ${points} points` : skipped ? "Skipped" : "Time is up";
  guess(text, recognised ? "good" : "bad");
  say(text);
  const item = document.createElement("li");
  item.className = recognised ? "read" : "missed";
  item.append(sheet(picture, prompt));
  one("strip").querySelector("li:empty").replaceWith(item);
}

async function play() {
  const mine = run += 1;
  const mode = modes.value;
  const rounds = [];
  let kept = 0;
  one("start").disabled = true;
  one("trouble").textContent = "";
  try {
    let { game } = await post("/api/game", { mode });
    show("round");
    clock.visible = true;
    one("strip").hidden = false;
    one("strip").replaceChildren(...Array.from({ length: Number(root.dataset.rounds) }, () => document.createElement("li")));
    while (rounds.length < Number(root.dataset.rounds)) {
      const played = await playRound(game, mode);
      if (mine !== run) return;
      game = played.game;
      rounds.push(played);
      showVerdict(played);
      if (!played.skipped && await keep(played)) kept += 1;
      await pause(BETWEEN);
      if (mine !== run) return;
    }
    const { total, ranked } = rounds.at(-1);
    showEnd(rounds, total, kept);
    scores.offer(ranked && total > 0 ? game : null);
    show("end");
    one("total").focus();
    scores.show(mode);
  } catch (problem) {
    if (mine !== run) return;
    backToStart();
    one("trouble").textContent = `The game cannot go on. ${problem.message}`;
  } finally {
    one("start").disabled = false;
  }
}

async function practise() {
  const mine = run += 1;
  show("round");
  clock.visible = false;
  one("strip").hidden = true;
  for (const prompt of practicePrompts(labels, modes.value)) {
    showPrompt(prompt, "Practice");
    round.begin(prompt, modes.value);
    const { answer } = await ended();
    if (mine !== run) return;
    round.hold();
    if (!answer) continue;
    guess(`Yes, ${nameOf(prompt)}`, "good");
    say(`Yes, ${nameOf(prompt)}. Next?`);
    one("skip").hidden = true;
    one("next").hidden = false;
    one("next").focus();
    await new Promise((resolve) => { one("next").onclick = resolve; });
    if (mine !== run) return;
  }
}

function backToStart() {
  run += 1;
  clock.stop();
  round.hold();
  done?.({ skipped: true });
  show("start");
  one("start").focus();
  scores.show(modes.value);
}

function showConsent() {
  one("kept").textContent = consent.given ? "Your rounds are kept, to train the models." : "Your drawings are not kept.";
  one("about").textContent = consent.given || consent.refused ? "Change that" : "What is kept?";
}

round.addEventListener("guess", ({ detail: { answer, problem } }) => {
  if (problem) note(problem.message);
  else note("");
  guess(answer ? thoughtOf(answer) : "");
});
round.addEventListener("read", ({ detail }) => done?.(detail));
one("start").addEventListener("click", play);
one("again").addEventListener("click", play);
one("practise").addEventListener("click", practise);
one("skip").addEventListener("click", () => done?.({ skipped: true }));
one("stop").addEventListener("click", backToStart);
one("back").addEventListener("click", backToStart);
one("about").addEventListener("click", () => privacy.open());
privacy.addEventListener("change", showConsent);
modes.addEventListener("change", () => scores.show(modes.value));
outbox.start();
showConsent();
scores.show(modes.value);

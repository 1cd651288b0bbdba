// The server's answer, or a Problem that says in words what went wrong.

const PATIENCE = 10_000; // milliseconds
const LONGER = 30_000; // nobody watches feedback being sent, and a photograph takes its time

export class Problem extends Error {
  /** `passing`: asking again later may succeed, after `wait` milliseconds where the server said so. */
  constructor(message, { status = 0, passing = false, wait } = {}) {
    super(message);
    Object.assign(this, { status, passing, wait });
  }
}

const inJson = (body) => ({ method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

function asRequest(picture, mode, steps) {
  if (typeof picture === "string") return inJson({ image: picture, mode, ...(steps && { steps }) });
  const form = new FormData();
  form.append("file", picture);
  form.append("mode", mode);
  if (steps) form.append("steps", "true");
  return { method: "POST", body: form };
}

/**
 * Asks what `picture` (a data URL, or a File or Blob) shows.
 * Throws a Problem, or `signal`'s reason when the caller gave up.
 */
export function predict(picture, { mode, steps = false, signal }) {
  return call("/api/predict", asRequest(picture, mode, steps), { signal, patience: PATIENCE });
}

/** Asks what of `picture` mattered to its answer. Throws as `predict` does. */
export function explain(picture, { mode, signal }) {
  return call("/api/heat-map", asRequest(picture, mode), { signal, patience: PATIENCE });
}

/** Sends the body of a POST /api/feedback. Throws a Problem. */
export function sendFeedback(feedback) {
  return call("/api/feedback", inJson(feedback), { patience: LONGER });
}

/** Deletes what was sent under this id. Throws a Problem, of status 404 where there is none. */
export function deleteFeedback(id) {
  return call(`/api/feedback/${id}`, { method: "DELETE" }, { patience: PATIENCE });
}

/** The answer to a GET. Throws a Problem. */
export function get(address) {
  return call(address, {}, { patience: PATIENCE });
}

/** The answer to a POST of `body` in JSON. Throws a Problem. */
export function post(address, body) {
  return call(address, inJson(body), { patience: PATIENCE });
}

async function call(address, request, { signal, patience }) {
  const late = AbortSignal.timeout(patience);
  let response;
  try {
    response = await fetch(address, { ...request, signal: signal ? AbortSignal.any([signal, late]) : late });
    if (response.ok) return response.status === 204 ? null : await response.json();
  } catch (error) {
    signal?.throwIfAborted();
    const message = late.aborted ? "The server is slow to answer. Trying again." : "No connection to the server. Trying again.";
    throw new Problem(message, { passing: true, cause: error });
  }
  throw await problemIn(response);
}

async function problemIn(response) {
  const { status } = response;
  const said = await response.json().catch(() => ({}));
  const passing = status === 429 || status >= 500;
  const seconds = Number(response.headers.get("Retry-After"));
  const message = said.detail || said.title || `The server answered ${status}, and did not say why.`;
  return new Problem(message, { status, passing, wait: seconds > 0 ? seconds * 1000 : undefined });
}

// The server's answer, or a Problem that says in words what went wrong.

const PATIENCE = 10_000; // milliseconds

export class Problem extends Error {
  /** `passing`: asking again later may succeed, after `wait` milliseconds where the server said so. */
  constructor(message, { status = 0, passing = false, wait } = {}) {
    super(message);
    Object.assign(this, { status, passing, wait });
  }
}

function asRequest(picture, mode, steps) {
  if (typeof picture === "string") {
    const body = JSON.stringify({ image: picture, mode, ...(steps && { steps }) });
    return { method: "POST", headers: { "Content-Type": "application/json" }, body };
  }
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
export async function predict(picture, { mode, steps = false, signal }) {
  const late = AbortSignal.timeout(PATIENCE);
  let response;
  try {
    response = await fetch("/api/predict", { ...asRequest(picture, mode, steps), signal: AbortSignal.any([signal, late]) });
    if (response.ok) return await response.json();
  } catch (error) {
    signal.throwIfAborted();
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

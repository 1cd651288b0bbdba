// The import page: a picture chosen, dropped, pasted or photographed, and the character found in it.
import { Feedback } from "./feedback.js";
import { Live } from "./live.js";
import { Modes } from "./modes.js";
import { Result } from "./result.js";

const LARGEST = 5_000_000; // bytes that the server takes
const SIDE = 1500; // pixels: every kind of file may have as many; more says nothing more of one character, and takes longer to send
const SMALLER = [SIDE, 1000];
const TAKEN = ["image/png", "image/jpeg", "image/bmp", "image/gif", "image/webp"];

const one = (name) => document.querySelector(`[data-${name}]`);
const live = new Live();
const modes = new Modes();
const result = new Result();
const feedback = new Feedback((text) => result.say(text));
let picture = null; // as sent
let turn = 0; // of the picture that was given last

/** The file itself where the server takes it as it is, otherwise a smaller copy; upright, and a PNG unless it was a JPEG. */
async function prepared(file) {
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) {
    if (file.size <= LARGEST) return file; // the server says what is wrong with it
    throw new Error(`This file is larger than 5 MB, and this browser cannot open it as a picture to make it smaller. Received: ${file.name}.`);
  }
  const side = Math.max(bitmap.width, bitmap.height);
  if (file.size <= LARGEST && side <= SIDE && TAKEN.includes(file.type)) return file;
  for (const wanted of SMALLER) {
    const scale = Math.min(1, wanted / side);
    const canvas = Object.assign(document.createElement("canvas"), {
      width: Math.max(1, Math.round(bitmap.width * scale)),
      height: Math.max(1, Math.round(bitmap.height * scale)),
    });
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const type = file.type === "image/jpeg" ? file.type : "image/png";
    const copy = await new Promise((resolve) => { canvas.toBlob(resolve, type, 0.92); });
    if (copy && copy.size <= LARGEST) return copy;
  }
  return file;
}

async function take(file) {
  const mine = (turn += 1);
  live.stop();
  feedback.withdraw();
  result.empty();
  one("preview").hidden = true;
  one("preview").classList.remove("framed");
  try {
    const ready = await prepared(file);
    if (mine !== turn) return;
    picture = ready;
  } catch (error) {
    picture = null;
    result.empty(error.message);
    return;
  }
  preview(file.name);
  ask();
}

function preview(name) {
  const image = one("picture");
  URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(picture);
  image.alt = `The picture you gave${name ? `: ${name}` : ""}`;
  image.decode().then(() => { one("preview").hidden = false; }, () => {});
}

function ask() {
  if (!picture) return;
  const sent = picture;
  feedback.withdraw();
  live.want({ picture: () => sent, mode: modes.value, steps: true, settled: true });
}

/** Frames the character: `box` is left, top, right, bottom in pixels of the picture as sent, upright. */
async function frame([left, top, right, bottom]) {
  const image = one("picture");
  await image.decode();
  one("found").setAttribute("viewBox", `0 0 ${image.naturalWidth} ${image.naturalHeight}`);
  const sides = { x: left, y: top, width: right - left, height: bottom - top };
  for (const rect of one("found").children) {
    for (const [name, pixels] of Object.entries(sides)) rect.setAttribute(name, pixels);
  }
  one("preview").classList.add("framed");
}

live.addEventListener("answer", ({ detail: { answer, picture: answered } }) => {
  result.show(answer);
  feedback.offer(answered, answer);
  frame(answer.box).catch(() => {});
});
live.addEventListener("slow", () => result.age("Still reading …"));
live.addEventListener("problem", ({ detail: { problem } }) => {
  if (problem.passing) result.age(problem.message);
  else result.empty(problem.message);
});
modes.addEventListener("change", ask);

function takeFrom(transfer, whence) {
  const [file] = transfer.files;
  if (file) take(file);
  else result.age(`There is no picture in what was ${whence}. Save it first, then choose the file.`);
}

async function takeSample(address) {
  try {
    const answer = await fetch(address, { cache: "force-cache" }); // it is on the page already
    if (!answer.ok) throw new Error(answer.status);
    const blob = await answer.blob();
    take(new File([blob], address.split("/").at(-1), { type: blob.type }));
  } catch {
    result.age("This picture did not load. Try it again once there is a connection.");
  }
}

for (const input of document.querySelectorAll("[data-choose]")) {
  input.addEventListener("change", () => {
    if (input.files.length) take(input.files[0]);
    input.value = ""; // so that the same file can be chosen again
  });
}
one("drop").addEventListener("click", () => one("choose").click());
for (const button of document.querySelectorAll("[data-sample]")) button.addEventListener("click", () => takeSample(button.firstElementChild.src));
addEventListener("paste", (event) => takeFrom(event.clipboardData, "pasted"));
for (const type of ["dragenter", "dragover", "dragleave", "drop"]) {
  addEventListener(type, (event) => {
    event.preventDefault(); // a picture dropped beside the leaf must not replace the page
    one("drop").classList.toggle("over", type === "dragenter" || type === "dragover");
    if (type === "drop") takeFrom(event.dataTransfer, "dropped");
  });
}

// The confusion matrix: a cell is read by pointing at it, or by moving a cursor over the map with the arrow keys.
import { nameOf, sentence } from "./labels.js";

const REACH = 14; // CSS pixels that a finger may miss a cell by
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

class HeatMap {
  #map = document.querySelector("[data-heat]");
  #labels = JSON.parse(this.#map.dataset.labels);
  #counts = this.#map.dataset.counts.split(";").map((row) => row.split(",").map(Number)); // [drawn][read]; nothing is 0
  #size = this.#labels.length;
  #cursor = this.#map.querySelector("[data-cursor]");
  #readout = document.querySelector("[data-readout]");
  #column = 0;
  #row = 0;

  constructor() {
    this.#map.tabIndex = 0;
    this.#map.setAttribute("role", "application");
    this.#map.setAttribute("aria-roledescription", "heat map");
    this.#map.setAttribute("aria-label", "Confusion matrix. The arrow keys move over its cells.");
    this.#map.firstElementChild.setAttribute("aria-hidden", "true");
    document.querySelector("[data-keys]").hidden = false;
    [this.#column, this.#row] = this.#worst();
    this.#map.addEventListener("focus", () => this.#show());
    this.#map.addEventListener("keydown", (event) => this.#press(event));
    for (const kind of ["pointermove", "pointerdown"]) this.#map.addEventListener(kind, (event) => this.#point(event));
  }

  #count(column, row) { return this.#counts[row][column]; }

  #holds(column, row) { return column >= 0 && row >= 0 && column < this.#size && row < this.#size; }

  #worst(cells = this.#counts.flatMap((row, y) => row.map((_, x) => [x, y])).filter(([x, y]) => x !== y)) {
    return cells.reduce((best, cell) => (this.#count(...cell) > this.#count(...best) ? cell : best));
  }

  #move(column, row) {
    if (column === this.#column && row === this.#row && !this.#cursor.hasAttribute("hidden")) return;
    [this.#column, this.#row] = [column, row];
    this.#show();
  }

  #press(event) {
    const { key } = event;
    if (event.altKey || !(key in STEPS || key === "Home" || key === "End")) return;
    event.preventDefault();
    if (!(key in STEPS)) return this.#move(key === "Home" ? 0 : this.#size - 1, this.#row);
    const [right, down] = STEPS[key];
    let [column, row] = [this.#column, this.#row];
    do {
      if (!this.#holds(column + right, row + down)) break;
      column += right;
      row += down;
    } while ((event.ctrlKey || event.metaKey) && !this.#count(column, row));
    this.#move(column, row);
  }

  #point(event) {
    const box = this.#map.querySelector("[data-cells]").getBoundingClientRect();
    const scale = this.#size / box.width;
    const cell = [Math.floor((event.clientX - box.left) * scale), Math.floor((event.clientY - box.top) * scale)];
    if (this.#holds(...cell)) this.#move(...(event.pointerType === "touch" ? this.#meant(cell, REACH * scale) : cell));
  }

  /** What a finger that came down on a cell meant: the cell itself if it fits a finger, else the fullest within reach. */
  #meant([column, row], reach) {
    const near = [[column, row]];
    for (let y = Math.ceil(row - reach); y <= row + reach; y += 1) {
      for (let x = Math.ceil(column - reach); x <= column + reach; x += 1) if (this.#holds(x, y)) near.push([x, y]);
    }
    return this.#worst(near);
  }

  #show() {
    const [x, y, n] = [this.#column, this.#row, this.#size];
    this.#cursor.removeAttribute("hidden");
    const [cross, cell] = this.#cursor.children;
    cross.setAttribute("d", `M0 ${y}h${n}v1h${-n}zM${x} 0h1v${n}h-1z`);
    cell.setAttribute("d", `M${x} ${y}h1v1h-1z`);
    for (const [axis, at] of [["drawn", y], ["read", x]]) {
      const labels = this.#map.querySelector(`[data-axis="${axis}"]`).children;
      for (const [i, label] of [...labels].entries()) label.classList.toggle("on", i === at);
    }
    this.#readout.textContent = this.#say(this.#labels[y], this.#labels[x], this.#count(x, y), this.#counts[y]);
  }

  #say(drawn, read, count, row) {
    const all = row.reduce((sum, each) => sum + each, 0);
    const what = `${sentence(nameOf(drawn))} read as ${drawn === read ? "what it is" : nameOf(read)}`;
    return count ? `${what}: ${count} of ${all}, ${(100 * count / all).toFixed(1)}\u00a0%` : `${what}: never in ${all}`;
  }
}

new HeatMap();

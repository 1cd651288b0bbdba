// Digit, letter or any: the choice on the page, kept in its address and in the links to the other pages.

const PAGES = ["/", "/canvas", "/import", "/game", "/model"]; // that have modes

export class Modes extends EventTarget {
  #field = document.querySelector("[data-modes]");

  constructor() {
    super();
    this.#field.addEventListener("change", () => {
      const url = new URL(location);
      url.searchParams.set("mode", this.value);
      history.replaceState(null, "", url);
      this.#carry();
      this.dispatchEvent(new Event("change"));
    });
    if (new URLSearchParams(location.search).has("mode")) this.#carry();
  }

  get value() { return this.#field.querySelector("input:checked").value; }

  #carry() {
    for (const link of document.links) {
      if (PAGES.includes(link.pathname)) link.search = `?mode=${this.value}`;
    }
  }
}

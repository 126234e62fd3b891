// The hob, drawn as it is: each burner where the configuration says.

import { h, put, vary } from "./dom.js";
import { store } from "./store.js";
import "./burner.js";

/** `<hob-view>` */
class HobView extends HTMLElement {
  #laidOut = "";
  #onChange = () => this.show();

  connectedCallback() {
    store.addEventListener("change", this.#onChange);
    this.ticking = setInterval(() => document.hidden || this.show(), 200);
    this.show();
  }

  disconnectedCallback() {
    store.removeEventListener("change", this.#onChange);
    clearInterval(this.ticking);
  }

  /** Draw what is known now. */
  show() {
    const places = store.stove?.places ?? [];
    const content = JSON.stringify(places);
    if (content !== this.#laidOut) {
      this.#laidOut = content;
      this.layOut(places);
    }
    for (const card of this.querySelectorAll("burner-card")) card.show();
  }

  layOut(places) {
    const columns = Math.max(1, ...places.map((place) => place.column));
    const cards = places.map((place) => {
      const card = h("burner-card", { burner: place.burner, size: place.size });
      vary(card, "--column", place.column);
      vary(card, "--row", place.row);
      return card;
    });
    const hob = h("div", { class: "hob" }, cards);
    put(hob, "columns", columns);
    vary(hob, "--columns", columns);
    this.replaceChildren(hob);
  }
}

customElements.define("hob-view", HobView);

// Two wheels, hours and minutes, to be flicked, typed or turned with the arrow keys.

import { h, put } from "./dom.js";
import { t } from "./words.js";

const ROW = 44; // px, as in the style

/** `<time-wheel>`; `seconds` reads it and sets it. */
class TimeWheel extends HTMLElement {
  connectedCallback() {
    const most = Math.floor(Number(this.getAttribute("longest") ?? 14400) / 3600);
    this.hours = column(t("wheel.hours"), most, (n) => t("unit.h", { n }));
    this.minutes = column(t("wheel.minutes"), 59, (n) => t("unit.min", { n }));
    this.replaceChildren(this.hours.element, this.minutes.element);
    requestAnimationFrame(() => (this.seconds = Number(this.getAttribute("seconds") ?? 1200)));
  }

  get seconds() {
    return this.hours.value() * 3600 + this.minutes.value() * 60;
  }

  set seconds(seconds) {
    this.hours.turn(Math.floor(seconds / 3600));
    this.minutes.turn(Math.floor((seconds % 3600) / 60));
  }
}

function column(label, most, words) {
  let value = 0;
  const rows = Array.from({ length: most + 1 }, (_, number) => h("div", { class: "row", "aria-hidden": "true" }, words(number)));
  const element = h("div", { class: "column", role: "spinbutton", tabindex: "0", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": most }, rows);
  const note = (number) => {
    value = Math.max(0, Math.min(most, number));
    put(element, "aria-valuenow", value);
    put(element, "aria-valuetext", words(value));
    rows.forEach((row, index) => put(row, "chosen", index === value));
    element.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const turn = (number) => {
    note(number);
    element.scrollTop = value * ROW;
  };
  const keys = { ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10, Home: -most, End: most };
  let typed = "";
  element.addEventListener("scroll", () => note(Math.round(element.scrollTop / ROW)), { passive: true });
  element.addEventListener("keydown", (event) => {
    if (event.key in keys) turn(value + keys[event.key]);
    else if (/^\d$/.test(event.key)) turn(Number((typed = (typed + event.key).slice(-2))) <= most ? Number(typed) : Number((typed = event.key)));
    else return;
    event.preventDefault();
  });
  note(0);
  return { element, turn, value: () => value };
}

customElements.define("time-wheel", TimeWheel);

// A phone that is not let in yet: eight digits, or a hand on the stop button.

import { attempt } from "./burner.js";
import { h, put, say } from "./dom.js";
import { store } from "./store.js";
import { t } from "./words.js";

const LOOK_EVERY = 2000; // ms, for somebody to hold the button

/** `<pair-view of="04719358">`; the digits come from a QR code. */
class PairView extends HTMLElement {
  connectedCallback() {
    this.name = h("input", { id: "pair-name", maxlength: 32, required: true, autocomplete: "nickname", value: localStorage.getItem("name") ?? "" });
    this.code = h("input", { id: "pair-code", inputmode: "numeric", autocomplete: "one-time-code", maxlength: 11, value: this.getAttribute("of") ?? "" });
    this.codeRow = h("p", {}, h("label", { for: "pair-code" }, t("pair.code")), this.code);
    this.note = h("p", {});
    this.wrong = h("p", { class: "problem", role: "alert", hidden: true });
    const submit = (event) => {
      event.preventDefault();
      this.pair();
    };
    this.replaceChildren(
      h("h2", {}, t("pair")),
      this.note,
      h("form", { onsubmit: submit }, this.codeRow, h("p", {}, h("label", { for: "pair-name" }, t("pair.name")), this.name), this.wrong, h("button", { class: "set" }, t("pair.do"))),
      h("p", {}, t("pair.stop")),
    );
    this.looking = setInterval(() => this.look(), LOOK_EVERY);
    this.show();
    if (store.me?.role) location.hash = "#/";
  }

  disconnectedCallback() {
    clearInterval(this.looking);
  }

  async look() {
    await store.whoAmI();
    if (this.isConnected) this.show();
  }

  show() {
    const way = store.me?.pairing ?? "closed";
    say(this.note, t(`pair.${way}`));
    put(this.codeRow, "hidden", way === "button");
  }

  async pair() {
    localStorage.setItem("name", this.name.value.trim());
    const code = this.code.value.trim();
    try {
      store.me = await store.call("POST", "/pair", { name: this.name.value.trim(), ...(store.me?.pairing !== "button" && { code }) });
      history.replaceState(null, "", "#/");
      dispatchEvent(new Event("hashchange"));
      store.reconnect();
      await attempt(() => store.whoAmI());
    } catch (error) {
      say(this.wrong, error.message);
      put(this.wrong, "hidden", false);
      this.look();
    }
  }
}

customElements.define("pair-view", PairView);

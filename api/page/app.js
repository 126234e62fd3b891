// The frame around every view: what is wrong, where to go, and Shut off, which is always there.

import { shutOff, stopButton } from "./burner.js";
import { h, put, say } from "./dom.js";
import "./hob.js";
import { store } from "./store.js";
import { clock, mark, t } from "./words.js";

const UNDO_FOR = 5000; // ms
const COMPLAIN_FOR = 7000;
const theme = () => localStorage.getItem("theme") ?? "auto";

// what is not needed for the first picture comes when it is
const VIEWS = {
  burner: () => import("./sheet.js"),
  history: () => import("./history.js"),
  settings: () => import("./settings.js"),
  pair: () => import("./pair.js"),
};

/** `<flameout-app>` */
class FlameoutApp extends HTMLElement {
  connectedCallback() {
    this.build();
    addEventListener("hashchange", () => this.route());
    store.addEventListener("change", () => this.show());
    setInterval(() => this.show(), 1000);
    this.route();
  }

  /** Make the frame; called again when the language changes. */
  build() {
    mark();
    put(document.documentElement, "theme", theme());
    this.heading = h("h1", {});
    this.link = h("span", { class: "link", role: "status" });
    const to = (path, words) => h("a", { href: `#/${path}`, "data-to": path }, words);
    this.nav = h("nav", { "aria-label": t("nav") }, to("", t("nav.hob")), to("history", t("nav.history")), to("settings", t("nav.settings")));
    this.banner = h("div", { class: "banner", role: "alert", hidden: true });
    this.main = h("main", { tabindex: "-1" });
    this.toast = h("div", { class: "toast", role: "status", hidden: true });
    this.stopAll = stopButton(t("stop.all"), () => this.stopEverything());
    this.replaceChildren(h("header", {}, this.heading, this.link, this.nav), this.banner, this.main, this.toast, h("footer", {}, this.stopAll));
    this.show();
  }

  async route() {
    const [name, ...rest] = location.hash.replace(/^#\/?/, "").split("/");
    const wanted = store.me && store.me.role === null && name !== "off" ? "pair" : name;
    const key = [wanted, ...rest].join("/");
    this.waits = wanted in VIEWS && wanted !== "pair" && (store.me === null || store.stove === null);
    if (this.waits || this.shown === key) return; // a view that needs to know more is shown once we do
    this.shown = key;
    for (const link of this.nav.children) put(link, "aria-current", link.dataset.to === wanted ? "page" : null);
    try {
      await VIEWS[wanted]?.();
    } catch {
      return this.#outdated();
    }
    if (this.shown !== key) return; // somebody was faster
    const view = wanted === "off" ? this.offView() : wanted in VIEWS ? h(`${wanted}-view`, { of: rest[0] }) : h("hob-view");
    put(document.documentElement, "view", wanted || "hob");
    this.main.replaceChildren(view);
  }

  /** A view that cannot be had: after an upgrade the stove has only the views of its new page. */
  #outdated() {
    this.shown = null;
    const last = Number(sessionStorage.getItem("reloaded"));
    if (store.link !== "live" || Date.now() - last < 60_000) return this.complain(t("no_answer"));
    sessionStorage.setItem("reloaded", Date.now());
    location.reload();
  }

  /** The whole screen is one button, to be bookmarked. */
  offView() {
    this.bigStop = stopButton(t("stop.all"), () => this.stopEverything());
    return h("div", { class: "off" }, this.bigStop, h("p", {}, t("off.note")));
  }

  async stopEverything() {
    const buttons = [this.stopAll, this.bigStop].filter(Boolean);
    for (const button of buttons) say(button, t("closing"));
    await shutOff(null);
    const open = [...store.burners.values()].every(({ view }) => !view.permitted);
    for (const button of buttons) say(button, open && store.link === "live" ? t("relays.open") : t("stop.all"));
    setTimeout(() => buttons.forEach((button) => say(button, t("stop.all"))), 3000);
  }

  show() {
    if (this.waits) this.route();
    if (store.me && (store.me.role === null) !== (document.documentElement.getAttribute("view") === "pair")) this.route();
    const name = store.stove?.name ?? "flameout";
    say(this.heading, name);
    if (document.title !== name) document.title = name;
    const stranger = store.me?.role === null;
    say(this.link, stranger ? "" : t(`link.${store.link}`));
    put(this, "link", stranger ? null : store.link);
    put(this.nav, "hidden", stranger);
    const words = stranger ? [] : this.troubles();
    put(this.banner, "hidden", !words.length);
    const text = words.join("\n");
    if (this.banner.dataset.text !== text) {
      this.banner.dataset.text = text;
      this.banner.replaceChildren(...words.map((line) => h("p", {}, line)));
    }
  }

  /** What is wrong, the gravest first. */
  troubles() {
    const found = [];
    if (store.link === "lost" && store.lostAt !== null) found.push(t("lost", { at: clock(store.lostAt) }));
    if (store.link === "live" && !store.alive) found.push(t("keeper_away"));
    const told = [...store.burners.values()].map(({ view }) => view.problem);
    found.push(...(store.stove?.problems ?? []).filter((problem) => !told.includes(problem)));
    if (store.stove?.simulated) found.push(t("simulated"));
    return found;
  }

  /** Say what went wrong with something that was asked for. */
  complain(words, loud = false) {
    this.pop(words, COMPLAIN_FOR, []);
    if (loud) attention.then(({ alarm }) => alarm(words));
  }

  /** Say what was done, with a way back. */
  offerUndo(words, back) {
    const undo = () => {
      put(this.toast, "hidden", true);
      back();
    };
    this.pop(words, UNDO_FOR, [h("button", { type: "button", class: "chip", onclick: undo }, t("undo"))]);
  }

  pop(words, lasts, buttons) {
    clearTimeout(this.popping);
    this.toast.replaceChildren(h("span", {}, words), ...buttons);
    put(this.toast, "hidden", false);
    this.popping = setTimeout(() => put(this.toast, "hidden", true), lasts);
  }
}

customElements.define("flameout-app", FlameoutApp);
document.body.replaceChildren(h("flameout-app"));
// not needed for the first picture, and not to be in its way
const attention = new Promise((known) => store.addEventListener("change", known, { once: true })).then(() => import("./attention.js"));
attention.then(({ install }) => install());

if ("serviceWorker" in navigator) {
  // the page's policy takes a script's address from nowhere else
  const addresses = window.trustedTypes?.createPolicy("flameout", { createScriptURL: () => "/worker.js" });
  navigator.serviceWorker.register(addresses ? addresses.createScriptURL("") : "/worker.js").catch(() => {});
}

// One burner in full: any time, locks, what is known of it, and what happened to it last.

import { attempt, cancelTimer, facts, presets, problem, setTimer, shutOff, state, stopButton, until } from "./burner.js";
import { h, put, say } from "./dom.js";
import { line } from "./history.js";
import { store } from "./store.js";
import { clock, digits, duration, named, t, who } from "./words.js";
import "./wheel.js";

/** `<burner-view of="left">` */
class BurnerView extends HTMLElement {
  #onChange = () => this.show();

  connectedCallback() {
    this.of = this.getAttribute("of");
    store.addEventListener("change", this.#onChange);
    this.ticking = setInterval(() => this.show(), 200);
    this.show();
  }

  disconnectedCallback() {
    store.removeEventListener("change", this.#onChange);
    clearInterval(this.ticking);
  }

  build() {
    const id = this.of;
    this.heading = h("h2", {});
    this.time = h("p", { class: "digits big", role: "timer", "aria-live": "off" });
    this.when = h("p", { class: "until" });
    this.problem = h("p", { class: "problem" });
    this.wheel = h("time-wheel", { longest: store.stove?.longest_timer_s, seconds: store.stove?.default_timer_s });
    const chip = (words, act, of = "cook") => h("button", { class: "chip", type: "button", onclick: act, "data-role": of }, words);
    this.set = h("button", { class: "set", type: "button", "data-role": "cook", onclick: () => this.setFromWheel() }, t("set"));
    this.wheel.addEventListener("change", () => this.showSet());
    this.chips = h("div", { class: "chips" }, presets().map((seconds) => chip(duration(seconds), () => setTimer(id, seconds))));
    const call = (method, rest) => () => attempt(() => store.ask(method, id, rest));
    this.cancel = chip(t("cancel"), () => cancelTimer(id));
    this.here = chip(t("here"), call("POST", "/attention"));
    this.lock = chip(t("lock"), call("PUT", "/lock"));
    this.unlock = chip(t("unlock"), call("DELETE", "/lock"), "admin");
    this.reset = chip(t("reset"), call("POST", "/reset"), "admin");
    this.stop = stopButton(t("stop"), () => shutOff(id));
    this.table = h("dl", { class: "facts full" });
    this.past = h("ul", { class: "past" });
    const knob = (action, words) => chip(words, () => attempt(() => store.call("POST", `/simulate/${id}`, { action })), "admin");
    this.knob = h("section", { hidden: true }, h("h3", {}, t("knob")), h("div", { class: "chips" }, knob("light", t("knob.light")), knob("off", t("knob.off"))));
    this.replaceChildren(
      h("p", {}, h("a", { class: "back", href: "#/" }, t("back"))),
      this.heading, this.time, this.when, this.problem,
      h("section", { class: "choose" }, this.wheel, this.set, this.chips),
      h("div", { class: "chips" }, this.cancel, this.here, this.lock, this.unlock, this.reset),
      this.stop,
      h("section", {}, h("h3", {}, t("known")), this.table),
      this.knob,
      h("section", {}, h("h3", {}, t("past")), this.past),
    );
    this.showSet();
    this.readPast();
  }

  showSet() {
    say(this.set, t("set_for", { time: duration(this.wheel.seconds) }));
    this.showRoles();
  }

  async setFromWheel() {
    await setTimer(this.of, this.wheel.seconds);
  }

  async readPast() {
    const found = await attempt(() => store.call("GET", `/history?burner=${this.of}&limit=8`));
    this.past.replaceChildren(...(found?.entries ?? []).map((entry) => h("li", {}, line(entry))));
  }

  /** Draw what is known now. */
  show() {
    const known = store.burners.get(this.of);
    if (!known) return;
    if (!this.heading) this.build();
    const { view } = known;
    const ends = view.ending;
    say(this.heading, view.name);
    say(this.time, ends ? digits(store.left(this.of, ends.remaining_s)) : state(view));
    say(this.when, until(view));
    say(this.problem, problem(view));
    put(this.problem, "hidden", !problem(view));
    const locked = view.holds.some((hold) => hold.kind === "lock");
    const latched = view.holds.some((hold) => hold.kind === "lockout" || hold.kind === "shut_off");
    for (const [button, wanted] of [[this.cancel, view.timer], [this.here, view.limit], [this.lock, !locked], [this.unlock, locked], [this.reset, latched]])
      put(button, "hidden", !wanted);
    put(this.knob, "hidden", !store.stove?.simulated);
    this.showTable(view);
    this.showRoles();
  }

  showRoles() {
    const usable = store.link === "live" && store.alive;
    for (const button of this.querySelectorAll("[data-role]")) put(button, "disabled", !usable || !store.may(button.dataset.role, this.of));
    if (this.wheel && this.wheel.seconds <= 0) put(this.set, "disabled", true);
  }

  showTable(view) {
    const last = view.last_shut_off;
    const rows = facts(view).map(([kind, words]) => [t(kind), words]);
    rows.push(...view.holds.map((hold) => [t(`hold.${hold.kind}`), holdWords(hold)]));
    if (view.millivolts !== null) rows.push([t("thermocouple"), `${view.millivolts.toFixed(1)} mV`]);
    if (view.wear !== null) rows.push([t("wear"), `${Math.round(view.wear * 100)} %`]);
    if (view.limit) rows.push([t("limit"), clock(view.limit.ends_at)]);
    if (last) rows.push([t("last"), t("last.words", { cause: named("cause", last.cause), at: clock(last.at), who: who(last.by) })]);
    const text = rows.flat().join("\n");
    if (this.tableShown === text) return;
    this.tableShown = text;
    this.table.replaceChildren(...rows.map(([name, words]) => h("div", {}, h("dt", {}, name), h("dd", {}, words))));
  }
}

function holdWords(hold) {
  const cause = hold.kind === "lock" ? named("lock", hold.cause) : hold.kind === "shut_off" ? named("cause", hold.cause) : hold.cause;
  return t("since", { cause, at: clock(hold.since) });
}

customElements.define("burner-view", BurnerView);

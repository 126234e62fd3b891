// One burner: a ring that runs down, what is commanded, measured and inferred, and what can be done about it.

import { h, put, say, svg, vary } from "./dom.js";
import { Refused, store } from "./store.js";
import { clock, digits, duration, named, t, who } from "./words.js";

const PRESSED_FOR = 700; // ms in which the click that follows a press is the same press

/** A button that acts when it is pressed down, since shutting off is not to wait for a finger to leave. */
export function stopButton(words, act) {
  let pressedAt = -Infinity;
  const press = () => {
    if (performance.now() - pressedAt < PRESSED_FOR) return;
    pressedAt = performance.now();
    act(button);
  };
  const button = h("button", { class: "stop", type: "button", onclick: press }, words);
  button.addEventListener("pointerdown", (event) => event.button === 0 && press());
  return button;
}

/** Shut off a burner, or all of them (null), and say what is known of it: never more. */
export async function shutOff(id) {
  const app = document.querySelector("flameout-app");
  try {
    await store.shutOff(id);
  } catch (error) {
    app.complain(error instanceof Refused ? error.message : t("stop.failed"), true);
  }
}

/** Do something, and say why if it is refused. */
export async function attempt(act) {
  try {
    return await act();
  } catch (error) {
    document.querySelector("flameout-app").complain(error instanceof Refused ? error.message : t("no_answer"));
    return null;
  }
}

/** Set a timer. */
export const setTimer = (id, seconds) =>
  attempt(async () => {
    remember(seconds);
    await store.ask("PUT", id, "/timer", { duration: seconds });
  });

/** End the timer; it can be set again for a few seconds. */
export const cancelTimer = (id) =>
  attempt(async () => {
    const { ends_at } = store.burners.get(id).view.timer ?? {};
    const view = await store.ask("DELETE", id, "/timer");
    if (ends_at) undoable(t("undo.cancelled", { name: view.name }), () => store.ask("PUT", id, "/timer", { ends_at }));
  });

/** Move the timer's end. */
export const extend = (id, seconds) =>
  attempt(async () => {
    const key = crypto.getRandomValues(new Uint32Array(4)).join("-");
    const { ends_at } = store.burners.get(id).view.timer;
    const view = await store.ask("POST", id, "/timer/extend", { by: seconds }, { "Idempotency-Key": key });
    const words = t("undo.extended", { name: view.name, by: duration(seconds) });
    undoable(words, () => store.ask("PUT", id, "/timer", { ends_at }));
  });

const undoable = (words, back) => document.querySelector("flameout-app").offerUndo(words, () => attempt(back));

/** The presets, the last one used first. */
export function presets() {
  const last = Number(localStorage.getItem("last"));
  const all = store.stove?.presets_s ?? [];
  return all.includes(last) ? [last, ...all.filter((preset) => preset !== last)] : all;
}

function remember(seconds) {
  localStorage.setItem("last", seconds);
}

/** A burner's state in a word or two. */
export function state(view) {
  const lock = view.holds.find((hold) => hold.kind === "lock");
  if (view.status === "locked" && lock) return named("lock", lock.cause);
  return t(`status.${view.status}`);
}

/** The line below the digits: when it ends, and who wanted that. */
export function until(view) {
  if (view.timer && view.ending?.kind === "timer") return t("until.timer", { at: clock(view.timer.ends_at), who: who(view.timer.set_by) });
  if (view.ending) return t(`until.${view.ending.kind}`, { at: clock(view.ending.ends_at) });
  const interlock = view.holds.find((hold) => hold.kind === "interlock");
  if (interlock) return t("until.interlock", { id: interlock.cause });
  const hold = view.holds.find((entry) => entry.until);
  return hold ? t("until.hold", { at: clock(hold.until) }) : "";
}

/** What somebody has to do about a lockout or another problem, in words. */
export function problem(view) {
  const lockout = view.holds.find((hold) => hold.kind === "lockout");
  if (lockout) return t("lockout.head", { name: view.name }) + t("unit.join") + named("lockout", lockout.cause);
  return view.problem ?? "";
}

/** Commanded, measured and inferred, each with its words: never one for another. */
export function facts(view) {
  const measured = [t(`flame.${view.flame}`)];
  if (view.contact !== "unknown") measured.push(t(`contact.${view.contact}`));
  const last = view.last_shut_off;
  return [
    ["commanded", t(view.permitted ? "relay.closed" : "relay.open")],
    ["measured", measured.join(t("and"))],
    ["inferred", last ? t(`proof.${last.proof}`) : t("proof.none")],
  ];
}

/** `<burner-card burner="left">` */
class BurnerCard extends HTMLElement {
  #chipsFor = "";

  connectedCallback() {
    this.id = this.getAttribute("burner");
    this.ring = svg("circle", { class: "run", cx: 60, cy: 60, r: 52, pathLength: 1 });
    const picture = svg("svg", { viewBox: "0 0 120 120", "aria-hidden": "true" }, svg("circle", { cx: 60, cy: 60, r: 52 }), this.ring);
    this.time = h("span", { class: "digits", role: "timer", "aria-live": "off" });
    this.word = h("span", { class: "word" });
    this.dial = h("a", { class: "dial", href: `#/burner/${this.id}` }, picture, h("span", { class: "inner" }, this.time, this.word));
    this.heading = h("h2", { id: `name-${this.id}` });
    this.when = h("p", { class: "until" });
    this.facts = h("dl", { class: "facts" });
    this.problem = h("p", { class: "problem" });
    this.chips = h("div", { class: "chips" });
    this.stop = stopButton("", () => this.shutOff());
    const parts = [this.heading, this.dial, this.when, this.facts, this.problem, this.chips, this.stop];
    this.replaceChildren(h("article", { "aria-labelledby": this.heading.id }, parts));
    this.show();
  }

  async shutOff() {
    this.closing = true;
    this.show();
    await shutOff(this.id);
    this.closing = false;
    this.show();
  }

  /** Draw what is known now. */
  show() {
    const known = store.burners.get(this.id);
    if (!known || !this.heading) return;
    const { view } = known;
    const ends = view.ending;
    const left = ends ? store.left(this.id, ends.remaining_s) : null;
    const whole = view.timer?.duration_s ?? store.stove?.unattended_s ?? 1;
    put(this, "status", view.status);
    put(this, "flame", view.flame);
    say(this.heading, view.name);
    vary(this.ring, "--left", left === null ? (view.permitted ? 1 : 0) : Math.min(1, left / whole));
    say(this.time, left === null ? "" : digits(left));
    put(this.time, "hidden", left === null);
    say(this.word, this.closing ? t("closing") : state(view));
    put(this.dial, "aria-label", [view.name, state(view), left === null ? "" : digits(left), t("details")].join(", "));
    say(this.when, until(view));
    say(this.problem, problem(view));
    put(this.problem, "hidden", !problem(view));
    this.showFacts(view);
    this.showChips(view);
    say(this.stop, this.closing ? t("closing") : t("stop"));
    put(this.stop, "aria-label", `${t("stop")}: ${view.name}`);
  }

  showFacts(view) {
    const wanted = facts(view).map(([kind, words]) => [t(kind), words]);
    const text = wanted.flat().join("\n");
    if (this.factsShown === text) return;
    this.factsShown = text;
    this.facts.replaceChildren(...wanted.map(([kind, words]) => h("div", {}, h("dt", {}, kind), h("dd", {}, words))));
  }

  showChips(view) {
    const usable = store.link === "live" && store.alive && store.may("cook", this.id);
    const shut = view.holds.some((hold) => ["lock", "interlock", "lockout"].includes(hold.kind));
    const kind = view.timer ? "timing" : shut ? "held" : "idle";
    const presetsNow = presets().slice(0, 3);
    const attend = Boolean(view.limit) && !view.timer;
    const content = [kind, attend, document.documentElement.lang, presetsNow].join();
    if (this.#chipsFor !== content) {
      this.#chipsFor = content;
      this.chips.replaceChildren(...this.chipsOf(kind, presetsNow, attend));
    }
    const enough = (seconds) => view.extension_left_s >= seconds;
    for (const chip of this.chips.children) {
      const by = Number(chip.dataset.extend);
      put(chip, "disabled", !usable || (by > 0 && !enough(by)));
      if (by > 0) put(chip, "title", enough(by) ? null : t("extend.max"));
    }
  }

  chipsOf(kind, presetsNow, attend) {
    const { id } = this;
    const chip = (words, act, label = null, by = null) =>
      h("button", { class: "chip", type: "button", onclick: act, "aria-label": label, "data-extend": by }, words);
    if (kind === "held") return [];
    if (kind === "timing")
      return [
        ...[60, 300].map((by) => chip(t("extend.chip", { n: by / 60 }), () => extend(id, by), t("extend.by", { by: duration(by) }), by)),
        chip(t("set_anew"), () => (location.hash = `#/burner/${id}`)),
        chip(t("cancel"), () => cancelTimer(id)),
      ];
    return [
      ...(attend ? [chip(t("here"), () => attempt(() => store.ask("POST", id, "/attention")))] : []),
      ...presetsNow.map((s) => chip(duration(s), () => setTimer(id, s), t("set_for", { time: duration(s) }))),
      chip(t("other"), () => (location.hash = `#/burner/${id}`)),
    ];
  }
}

customElements.define("burner-card", BurnerCard);

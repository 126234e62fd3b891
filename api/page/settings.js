// This phone, the other phones, and what concerns the stove as a whole.

import { missing, sounds } from "./attention.js";
import { attempt } from "./burner.js";
import { h, put, svg } from "./dom.js";
import { store } from "./store.js";
import { LANGUAGES, clock, duration, language, speak, t, who } from "./words.js";

/** `<settings-view>` */
class SettingsView extends HTMLElement {
  connectedCallback() {
    this.tokens = h("ul", { class: "tokens" });
    this.offer = h("div", { class: "offer", "aria-live": "polite" });
    const sections = [this.phone(), this.stove(), this.others(), this.about()];
    this.replaceChildren(h("h2", {}, t("nav.settings")), ...sections.filter(Boolean));
    this.readTokens();
  }

  phone() {
    const select = (id, options, value, change) =>
      h("p", {}, h("label", { for: id }, t(id)), h("select", { id, onchange: (event) => change(event.target.value) }, Object.entries(options).map(([key, words]) => h("option", { value: key, selected: key === value }, words))));
    const themes = { auto: t("theme.auto"), light: t("theme.light"), dark: t("theme.dark") };
    const onOff = { on: t("on"), off: t("off") };
    const me = store.me;
    const keep = (name) => (value) => {
      localStorage.setItem(name, value);
      put(document.documentElement, name, value);
    };
    return h("section", {}, h("h3", {}, t("this_phone")),
      me?.phone ? h("p", {}, `${who(me.name)}: ${t(`role.${me.role}`)}`) : null,
      select("language", LANGUAGES, language, (value) => this.speak(value)),
      select("theme", themes, localStorage.getItem("theme") ?? "auto", keep("theme")),
      select("sound", onOff, sounds() ? "on" : "off", keep("sound")),
      missing().map((name) => h("p", { class: "note" }, t(`missing.${name}`))),
      me?.phone ? button(t("sign_out"), () => this.signOut()) : null);
  }

  stove() {
    const shown = store.stove;
    const call = (method, path) => () => attempt(() => store.call(method, path));
    const minutes = h("input", { id: "default", type: "number", min: 1, max: (shown?.longest_timer_s ?? 14400) / 60, value: (shown?.default_timer_s ?? 1200) / 60 });
    const save = () => attempt(() => store.call("PUT", "/default-timer", { duration: Number(minutes.value) * 60 }));
    minutes.addEventListener("change", save);
    return h("section", {}, h("h3", {}, t("the_stove")),
      h("p", {}, h("label", { for: "default" }, t("default")), minutes),
      h("div", { class: "chips" }, button(t("lock.all"), call("PUT", "/lock")), store.may("admin") ? button(t("unlock.all"), call("DELETE", "/lock")) : null, button(t("sweep"), call("POST", "/sweep"))),
      shown?.hood === null || !shown ? null : h("p", {}, t(shown.hood ? "hood.wanted" : "hood.not_wanted")));
  }

  others() {
    if (!store.may("admin")) return null;
    const make = (role) => button(t("pair.another", { role: t(`role.${role}`) }), () => this.pairAnother(role));
    return h("section", {}, h("h3", {}, t("phones")), this.tokens, h("div", { class: "chips" }, ["cook", "view", "admin"].map(make)), this.offer);
  }

  about() {
    return h("section", {}, h("h3", {}, t("about")), h("p", {}, `flameout ${store.stove?.version ?? ""}`), h("p", {}, h("a", { href: "/docs" }, "REST API")));
  }

  async speak(name) {
    await speak(name);
    document.querySelector("flameout-app").build();
    document.querySelector("flameout-app").shown = null;
    dispatchEvent(new Event("hashchange"));
  }

  async signOut() {
    await attempt(() => store.call("DELETE", "/me"));
    await store.whoAmI();
  }

  async readTokens() {
    if (!store.may("admin")) return;
    const found = (await attempt(() => store.call("GET", "/tokens"))) ?? [];
    this.tokens.replaceChildren(...found.map((token) => this.token(token)));
    if (!found.length) this.tokens.replaceChildren(h("li", {}, t("phones.none")));
  }

  token(token) {
    const used = token.last_used_at ? t("used", { at: clock(token.last_used_at) }) : t("used.never");
    const scope = token.burners.map((id) => store.burners.get(id)?.view.name ?? id).join(", ");
    const revoke = async () => {
      if (await attempt(() => store.call("DELETE", `/tokens/${token.id}`))) this.readTokens();
      store.whoAmI();
    };
    return h("li", {}, h("span", {}, h("b", {}, token.name), ` ${t(`role.${token.role}`)}${scope ? ` (${scope})` : ""} `, h("small", {}, used)), button(t("revoke"), revoke, `${t("revoke")}: ${token.name}`));
  }

  async pairAnother(role) {
    const offer = await attempt(() => store.call("POST", "/pairing", { role }));
    if (!offer) return;
    const digits = offer.code.replace(/(....)(....)/, "$1 $2");
    this.offer.replaceChildren(
      h("p", {}, t("pair.here", { url: offer.url })),
      h("p", { class: "digits big" }, digits),
      picture(offer.qr),
      h("p", { class: "note" }, t("pair.lasts", { time: duration(offer.lasts_s) })),
    );
    clearTimeout(this.ending);
    this.ending = setTimeout(() => this.offer.replaceChildren(), offer.lasts_s * 1000);
  }
}

/** A QR code from its rows of 0 and 1. */
function picture(rows) {
  const size = rows.length;
  const dots = rows.flatMap((row, y) => [...row].map((dot, x) => (dot === "1" ? svg("rect", { x, y, width: 1.02, height: 1.02 }) : null)));
  return svg("svg", { class: "qr", viewBox: `-4 -4 ${size + 8} ${size + 8}`, role: "img", "aria-label": t("pair.qr") }, svg("rect", { class: "paper", x: -4, y: -4, width: size + 8, height: size + 8 }), dots);
}

function button(words, act, label = null) {
  return h("button", { class: "chip", type: "button", onclick: act, "aria-label": label }, words);
}

customElements.define("settings-view", SettingsView);

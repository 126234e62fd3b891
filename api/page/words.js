// The page's words: which language, and how durations and instants are written in it.

export const LANGUAGES = { en: "English", zh: "简体中文" };
const LOADERS = { en: () => import("./words-en.js"), zh: () => import("./words-zh.js") };

const fromBrowser = () =>
  (navigator.languages ?? []).map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag in LANGUAGES) ?? "en";

const chosen = localStorage.getItem("language");
export let language = chosen in LANGUAGES ? chosen : fromBrowser();
let words = (await LOADERS[language]()).words; // which the entrance has asked for already, unless somebody chose

/** Choose a language for good. */
export async function speak(name) {
  words = (await LOADERS[name]()).words;
  language = name;
  localStorage.setItem("language", name);
  mark();
}

/** Tell the browser which language this is. */
export function mark() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
}

/** The words for a key, `{name}` filled in. A key without words shows itself: it must not hide a state. */
export function t(key, values = {}) {
  const text = words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** The words for one of a set, such as a cause; what is not in the catalogue is shown as it is. */
export function named(set, key) {
  return `${set}.${key}` in words ? t(`${set}.${key}`) : String(key);
}

/** A countdown in digits: 9:59, and 1:02 h above an hour. */
export function digits(seconds) {
  const whole = Math.max(0, Math.ceil(seconds - 0.05));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** A duration in words: "25 min", "1 h 30 min", "40 s". */
export function duration(seconds) {
  const whole = Math.round(seconds);
  const parts = [
    [Math.floor(whole / 3600), "unit.h"],
    [Math.floor((whole % 3600) / 60), "unit.min"],
    [whole < 3600 ? whole % 60 : 0, "unit.s"],
  ];
  const said = parts.filter(([amount]) => amount).map(([amount, unit]) => t(unit, { n: amount }));
  return said.join(t("unit.join")) || t("unit.s", { n: 0 });
}

/** The time of day of an instant, on this phone's clock, with the day where that is not today. */
export function clock(instant) {
  const at = new Date(instant);
  const time = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const today = at.toDateString() === new Date().toDateString();
  const locale = language === "zh" ? "zh-CN" : "en-GB";
  return at.toLocaleString(locale, today ? time : { month: "short", day: "numeric", ...time });
}

/** Who did it, for people: "phone:Anna" is Anna. */
export function who(by) {
  const [kind, ...rest] = by.split(":");
  return rest.length ? rest.join(":") : named("by", kind);
}

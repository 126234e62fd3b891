// What happened, and for how long each burner burnt on each day.

import { attempt } from "./burner.js";
import { h, svg } from "./dom.js";
import { store } from "./store.js";
import { clock, duration, language, named, t, who } from "./words.js";

const DAYS = 7;
const [WIDTH, HEIGHT, FOOT] = [320, 120, 18];

/** An entry of the journal in a line: when, what, by whom. */
export function line(entry) {
  const name = store.burners.get(entry.burner)?.view.name ?? entry.burner;
  const by = who(entry.by);
  const words = named("event", entry.event_type);
  return h("span", {}, h("time", { datetime: entry.at }, clock(entry.at)), " ", name ? h("b", {}, name) : null, name ? " " : null, words, details(entry), by ? h("small", {}, ` ${by}`) : null);
}

function details({ event_type, details: d }) {
  if (event_type === "shut_off") return `: ${named("cause", d.cause)}`;
  if (event_type === "timer_started") return `: ${duration(d.duration_s)}`;
  if (event_type === "timer_extended") return `: +${duration(d.by_s)}`;
  if (event_type === "proof") return `: ${named("finding", d.finding)}`;
  if (event_type === "flame") return `: ${named("flame", d.flame)}`;
  if (event_type === "locked" || event_type === "unlocked") return `: ${named("lock", d.cause)}`;
  if (event_type === "lockout") return `: ${d.cause}`;
  if (event_type === "refused") return `: ${d.why}`;
  return "";
}

/** `<history-view>` */
class HistoryView extends HTMLElement {
  connectedCallback() {
    this.chart = h("section", { class: "chart" });
    this.list = h("ul", { class: "past" });
    this.more = h("button", { class: "chip", type: "button", onclick: () => this.read(), hidden: true }, t("more"));
    this.replaceChildren(h("h2", {}, t("nav.history")), this.chart, this.list, this.more);
    this.read();
    this.draw();
  }

  async read() {
    const page = await attempt(() => store.call("GET", `/history?limit=40${this.cursor ? `&cursor=${this.cursor}` : ""}`));
    if (!page) return;
    this.cursor = page.next_cursor;
    this.list.append(...page.entries.map((entry) => h("li", {}, line(entry))));
    this.more.hidden = this.cursor === null;
  }

  async draw() {
    const usage = await attempt(() => store.call("GET", `/usage?days=${DAYS}`));
    if (!usage) return;
    const names = Object.keys(usage.days[0].burners);
    this.chart.replaceChildren(...names.map((id) => figure(id, usage.days)));
  }
}

/** A burner's days as bars, and the same as a table for those who cannot see them. */
function figure(id, days) {
  const name = store.burners.get(id)?.view.name ?? id;
  const measured = days.some((day) => day.burners[id].burnt_s !== null);
  const cuts = (day) => Object.values(day.burners[id].cuts).reduce((sum, count) => sum + count, 0);
  const values = days.map((day) => (measured ? day.burners[id].burnt_s / 60 : cuts(day)));
  const most = Math.max(1, ...values);
  const weekday = new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", { weekday: "short" });
  const label = (day) => weekday.format(new Date(`${day.day}T12:00`));
  const words = (day, value) => (measured ? duration(value * 60) : t("cuts", { n: cuts(day) }));
  const step = WIDTH / days.length;
  const bars = days.flatMap((day, index) => {
    const height = (values[index] / most) * (HEIGHT - FOOT - 16);
    const x = index * step;
    return [
      svg("rect", { class: "bar", x: x + 6, y: HEIGHT - FOOT - height, width: step - 12, height, rx: 3 }),
      svg("text", { x: x + step / 2, y: HEIGHT - 4 }, label(day)),
      values[index] ? svg("text", { x: x + step / 2, y: HEIGHT - FOOT - height - 4 }, measured && values[index] < 1 ? "<1" : Math.round(values[index])) : null,
    ];
  });
  const rows = days.map((day, index) => h("tr", {}, h("th", { scope: "row" }, label(day)), h("td", {}, words(day, values[index])), h("td", {}, t("cuts", { n: cuts(day) }))));
  return h("figure", {},
    h("figcaption", {}, t(measured ? "chart.burnt" : "chart.cuts", { name })),
    svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" }, bars),
    h("table", { class: "unseen" }, h("caption", {}, name), h("tbody", {}, rows)));
}

customElements.define("history-view", HistoryView);

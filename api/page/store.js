// What the page knows, since when, and how it asks for more. Nothing here is shown before the stove has said it.

const STALE_AFTER = 3000; // ms without a word from the stove
const BACK_OFF = [300, 700, 1500, 3000, 5000]; // ms
const KEEP_TRYING = 10_000; // ms, for a shut-off
const PATIENCE = 8000; // ms, for an answer
const MAKE_ROOM = 1500; // ms: a browser has six connections for all its tabs, and the streams of six may hold them
const LET_GO = 60_000; // ms that a page is hidden for

/** A request that was answered with a refusal; the message is for people. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.said ?? problem.detail ?? String(status));
    this.status = status;
    this.kind = (problem.type ?? "").replace("urn:flameout:", "");
  }
}

class Store extends EventTarget {
  me = null; // null: not known yet
  stove = null;
  burners = new Map(); // id: {view, at}; at as performance.now() has it
  events = []; // the newest last
  link = "connecting"; // connecting, live, lost
  alive = true; // whether stove and keeper answer the program that we talk to
  lostAt = null; // as Date.now() has it
  #source = null;
  #heardAt = 0;
  #heardOn = 0; // the same instant as Date.now() has it: the other clock may stand still in a phone's sleep
  #hidden = 0;
  #tries = 0;
  #retry = 0;

  /** Begin to listen; what is known changes with "change" events, what happens comes as "happened". */
  start() {
    setInterval(() => this.#watch(), 250);
    for (const name of ["online", "pageshow"]) addEventListener(name, () => this.reconnect());
    document.addEventListener("visibilitychange", () => {
      clearTimeout(this.#hidden);
      if (document.hidden) this.#hidden = setTimeout(() => this.#letGo(), LET_GO);
      else this.reconnect();
    });
    this.#listen();
  }

  /** Ask who we are; a phone that is not let in stops listening until it is. */
  async whoAmI() {
    const before = this.me;
    try {
      this.me = await this.call("GET", "/me");
    } catch {
      return;
    }
    if (this.me.role === null) this.#close();
    else if (before?.role === null && this.#source === null) this.#listen(); // else #failed has said when
    this.#changed();
  }

  /** Close the stream and open it anew: phones let it die in their sleep without a word. */
  reconnect() {
    if (this.me !== null && this.me.role === null) return;
    if (this.link === "live" && Math.max(performance.now() - this.#heardAt, Date.now() - this.#heardOn) > STALE_AFTER) this.#lose();
    this.#tries = 0;
    this.#listen();
  }

  /** Seconds left of what the burner's view said, counted on a clock that nobody sets. */
  left(id, seconds) {
    const known = this.burners.get(id);
    return Math.max(0, seconds - (performance.now() - known.at) / 1000);
  }

  /** Whether this phone may do this to this burner (null: to the stove). */
  may(role, burner = null) {
    const ranks = ["view", "cook", "admin"];
    if (!this.me || this.me.role === null || ranks.indexOf(this.me.role) < ranks.indexOf(role)) return false;
    return role === "view" || !this.me.burners.length || this.me.burners.includes(burner);
  }

  /** One call. Throws Refused, or whatever fetch throws when nobody answers. */
  async call(method, path, body = null, headers = {}, patience = PATIENCE) {
    const answer = await fetch(`/api/v1${path}`, {
      method,
      headers: { "X-Flameout": "1", "Accept-Language": document.documentElement.lang, ...(body && { "Content-Type": "application/json" }), ...headers },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(patience),
      cache: "no-store",
    });
    const content = await answer.json().catch(() => ({}));
    if (answer.ok) return content;
    if (answer.status === 401 && path !== "/me") this.whoAmI();
    throw new Refused(answer.status, content);
  }

  /** A call about a burner. What has become of it comes by the stream: an answer may be older than that. */
  async ask(method, id, rest, body = null, headers = {}) {
    return await this.call(method, `/burners/${id}${rest}`, body, headers);
  }

  /** Open the relay of a burner, or all of them (null), trying again for ten seconds. */
  async shutOff(id) {
    const until = performance.now() + KEEP_TRYING;
    const left = () => until - performance.now();
    let made = false;
    const room = setTimeout(() => {
      made = true;
      this.#close();
      this.#lose();
    }, MAKE_ROOM);
    try {
      await this.#keepShuttingOff(id, left);
    } finally {
      clearTimeout(room);
      if (made && this.#source === null) this.reconnect();
    }
  }

  async #keepShuttingOff(id, left) {
    const path = id === null ? "/shut-off" : `/burners/${id}/shut-off`;
    for (;;) {
      try {
        const answer = await this.call("POST", path, null, {}, Math.max(1, Math.min(PATIENCE, left())));
        if (this.link === "live") return;
        for (const view of id === null ? answer.burners : [answer]) this.#know(view);
        this.#changed();
        return;
      } catch (error) {
        if (left() <= 500) throw error;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  }

  // --- the stream ------------------------------------------------------------------------------------

  #listen() {
    this.#close();
    const source = new EventSource("/api/v1/events?tick=1");
    this.#source = source;
    this.#heardAt = performance.now();
    const on = (name, take) =>
      source.addEventListener(name, (message) => {
        take(JSON.parse(message.data));
        this.#heard();
      });
    on("me", (me) => (this.me = me));
    on("state", (view) => this.#know(view));
    on("stove", (stove) => (this.stove = stove));
    on("tick", (tick) => (this.alive = tick.alive));
    on("event", (event) => {
      this.events = [...this.events.slice(-49), event];
      this.dispatchEvent(new CustomEvent("happened", { detail: event }));
    });
    source.onerror = () => this.#failed(source);
  }

  #close() {
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#source = null;
  }

  /** A hidden page with nothing to count down leaves its connection to others; once it is seen it connects anew. */
  #letGo() {
    if (![...this.burners.values()].some(({ view }) => view.ending)) this.#close();
  }

  #failed(source) {
    if (source !== this.#source) return;
    this.#close();
    this.#lose();
    const pause = BACK_OFF[Math.min(this.#tries++, BACK_OFF.length - 1)];
    this.#retry = setTimeout(() => this.#listen(), pause * (0.75 + Math.random() / 2));
    this.whoAmI(); // a stream that is refused does not say why
  }

  #heard() {
    this.#heardAt = performance.now();
    this.#heardOn = Date.now();
    this.#tries = 0;
    this.link = "live";
    this.lostAt = null;
    this.#changed();
  }

  #watch() {
    if (this.#source !== null && performance.now() - this.#heardAt > STALE_AFTER) this.#failed(this.#source);
  }

  #lose() {
    if (this.link === "live" || this.lostAt === null) this.lostAt = this.#heardOn || Date.now();
    this.link = "lost";
    this.#changed();
  }

  #know(view) {
    this.burners.set(view.id, { view, at: performance.now() });
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

export const store = new Store();
store.start(); // at once: the other modules are still on their way

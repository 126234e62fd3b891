// What reaches people who do not look: speech of screen readers, sound, vibration, and a screen that stays on.

import { h } from "./dom.js";
import { store } from "./store.js";
import { digits, t } from "./words.js";

const polite = h("div", { class: "unseen", "aria-live": "polite" });
const urgent = h("div", { class: "unseen", role: "alert" });
const SPOKEN_AT = [600, 300, 60]; // s before an end
const spoken = new Map(); // burner: the end that was spoken of, and the last step
let audio = null;
let screen = null;

/** Put the regions that are read out into the page. */
export function install() {
  document.body.append(polite, urgent);
  // browsers let a page make sounds only after somebody has touched it
  addEventListener("pointerdown", () => (audio ??= window.AudioContext ? new AudioContext() : null), { once: true });
  setInterval(look, 1000);
}

/** Have a screen reader say something when it has time. */
export function announce(text) {
  polite.textContent = text;
}

/** Have a screen reader say something at once. */
export function alarm(text) {
  urgent.textContent = text;
}

/** Whether this phone makes sounds at a warning. */
export const sounds = () => localStorage.getItem("sound") !== "off";

/** What this browser cannot do here, by the name of its words. */
export function missing() {
  return [
    ["navigator.wakeLock", "wakeLock" in navigator],
    ["navigator.vibrate", "vibrate" in navigator],
    ["navigator.serviceWorker", "serviceWorker" in navigator],
  ]
    .filter(([, there]) => !there)
    .map(([name]) => name.split(".")[1]);
}

store.addEventListener("happened", ({ detail }) => {
  const name = store.burners.get(detail.burner)?.view.name ?? "";
  if (detail.event_type === "timer_ending") {
    navigator.vibrate?.([200, 100, 200, 100, 400]);
    beep(880, 3);
    announce(t("said.ending", { name, left: digits(detail.remaining_s) }));
  } else if (detail.event_type === "shut_off" && detail.cut) {
    navigator.vibrate?.([600]);
    beep(440, 1);
    alarm(t("said.shut_off", { name }));
  } else if (detail.event_type === "lockout") {
    navigator.vibrate?.([600, 200, 600, 200, 600]);
    beep(660, 6);
    alarm(t("said.lockout", { name }));
  } else if (detail.event_type === "timer_started") {
    announce(t("said.set", { name, left: digits(detail.duration_s) }));
  }
});

function look() {
  let timing = false;
  for (const [id, { view }] of store.burners) {
    if (!view.timer || !view.ending) {
      spoken.delete(id);
      continue;
    }
    timing = true;
    remind(id, view);
  }
  keepOn(timing);
}

function remind(id, view) {
  const left = store.left(id, view.ending.remaining_s);
  const step = SPOKEN_AT.filter((seconds) => left <= seconds).at(-1);
  const last = spoken.get(id);
  spoken.set(id, { end: view.ending.ends_at, step });
  if (last && last.end === view.ending.ends_at && step && step !== last.step)
    announce(t("said.left", { name: view.name, left: digits(left) }));
}

async function keepOn(wanted) {
  if (wanted && screen === null && !document.hidden && "wakeLock" in navigator) {
    screen = navigator.wakeLock.request("screen").catch(() => null);
    (await screen)?.addEventListener("release", () => (screen = null));
  } else if (!wanted && screen !== null) {
    (await screen)?.release();
    screen = null;
  }
}

function beep(pitch, times) {
  if (!audio || !sounds()) return;
  for (let number = 0; number < times; number++) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    volume.gain.value = 0.2;
    tone.frequency.value = pitch;
    tone.connect(volume).connect(audio.destination);
    tone.start(audio.currentTime + number * 0.35);
    tone.stop(audio.currentTime + number * 0.35 + 0.2);
  }
}

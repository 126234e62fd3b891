// The shell, for moments without the stove. Never a state: an old one looks like a new one.

const CACHE = "flameout-__BUILD__";
const PARTS = ["style.css", "app.js", "store.js", "dom.js", "words.js", "words-en.js", "words-zh.js", "hob.js", "burner.js",
  "attention.js", "sheet.js", "wheel.js", "history.js", "settings.js", "pair.js", "icon.svg"];

addEventListener("install", (event) => {
  const shell = ["/", ...PARTS.map((name) => `/page/__BUILD__/${name}`)];
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(shell)).then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  const old = async () => (await caches.keys()).filter((name) => name !== CACHE).map((name) => caches.delete(name));
  event.waitUntil(old().then((ends) => Promise.all(ends)).then(() => clients.claim()));
});

addEventListener("fetch", (event) => {
  const { pathname } = new URL(event.request.url);
  if (event.request.method !== "GET") return;
  if (pathname === "/") event.respondWith(fetch(event.request).catch(() => caches.match("/")));
  else if (pathname.startsWith("/page/"))
    event.respondWith(caches.match(event.request).then((known) => known ?? fetch(event.request)));
});

// One page for when the desk cannot be reached, with its style. It holds nothing of any patient.
"use strict";

const KEPT = "pulsehouse-offline-1";
const STYLE = ["/static/house.css", "/static/board.css", "/static/pages.css"];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((kept) => kept.addAll(["/offline", ...STYLE])).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const asked = event.request;
  const address = new URL(asked.url);
  if (asked.mode === "navigate") event.respondWith(fetch(asked).catch(() => caches.match("/offline")));
  else if (STYLE.includes(address.pathname) && !address.search) {
    event.respondWith(fetch(asked).catch(() => caches.match(address.pathname)));
  }
});

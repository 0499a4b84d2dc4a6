// Keeps the door's page and what it is made of, so that it opens without a network. Lists and scans
// are not here: the page keeps them sealed.
"use strict";

const KEPT = "events-door-1", PATIENCE = 4000;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("message", (event) => {
  const keep = async () => {
    const cache = await caches.open(KEPT);
    const each = async (url) => {
      const answer = await fetch(url, { credentials: "same-origin" });
      if (answer.ok && !answer.redirected) await cache.put(url, answer);
      else throw new Error(url);
    };
    await Promise.all(event.data.keep.map(each));
    event.ports[0].postMessage("kept");
  };
  event.waitUntil(keep().catch(() => event.ports[0].postMessage("failed")));
});

const late = () => new Promise((_done, failed) => setTimeout(failed, PATIENCE));

const answer = async (request, kept) => {
  try {
    return await Promise.race([fetch(request), late()]);
  } catch {
    return kept;
  }
};

self.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET") return;
  event.respondWith((async () => {
    const cache = await caches.open(KEPT);
    const kept = await cache.match(event.request.url, { ignoreVary: true });
    return kept ? answer(event.request, kept) : fetch(event.request);
  })());
});

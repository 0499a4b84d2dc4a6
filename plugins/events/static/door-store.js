// What the phone keeps, sealed by AES-GCM under a key made from the door's PIN (PBKDF2).
"use strict";

window.DoorStore = (() => {
  const ROUNDS = 600000, NAME = "events-door";
  const encoder = new TextEncoder(), decoder = new TextDecoder();

  const asked = (request) => new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });

  const base = (() => {
    let opened = null;
    return () => {
      opened = opened || new Promise((done, failed) => {
        const request = indexedDB.open(NAME, 1);
        request.onupgradeneeded = () => request.result.createObjectStore("doors");
        request.onsuccess = () => done(request.result);
        request.onerror = () => failed(request.error);
      });
      return opened;
    };
  })();

  const store = async (mode) => (await base()).transaction("doors", mode).objectStore("doors");

  const key = async (pin, salt) => {
    const raw = await crypto.subtle.importKey("raw", encoder.encode(pin), "PBKDF2", false, ["deriveKey"]);
    const way = { name: "PBKDF2", hash: "SHA-256", iterations: ROUNDS, salt };
    const kind = { name: "AES-GCM", length: 256 };
    return crypto.subtle.deriveKey(way, raw, kind, false, ["encrypt", "decrypt"]);
  };

  const seal = async (secret, value) => {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const text = encoder.encode(JSON.stringify(value));
    return { iv, data: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, secret, text) };
  };

  const open = async (secret, sealed) => {
    const way = { name: "AES-GCM", iv: sealed.iv };
    return JSON.parse(decoder.decode(await crypto.subtle.decrypt(way, secret, sealed.data)));
  };

  return {
    able: () => Boolean(window.crypto && crypto.subtle && window.indexedDB),
    salt: () => crypto.getRandomValues(new Uint8Array(16)),
    key, seal, open,
    load: async (id) => asked((await store("readonly")).get(id)),
    save: async (id, kept) => asked((await store("readwrite")).put(kept, id)),
    forget: async (id) => asked((await store("readwrite")).delete(id)),
  };
})();

// The camera at the door: what it reads is looked up as if it were typed.
"use strict";

(() => {
  const button = document.querySelector("[data-scan]");
  const place = document.querySelector("[data-scanner]");
  const form = document.getElementById("door");
  if (!button || !navigator.mediaDevices) return;
  button.hidden = false;

  const start = async () => {
    const stop = await Scan.start(place.querySelector("video"), (text) => {
      stop();
      form.elements.q.value = Scan.ticket(text) || text.slice(0, 200);
      form.requestSubmit();
    });
    if (!stop) return;
    place.hidden = false;
    button.hidden = true;
    sessionStorage.setItem("door", "1");
  };

  button.addEventListener("click", start);
  // Whoever scans goes on scanning: the camera comes back once a party is in, and after a refusal.
  if (sessionStorage.getItem("door") && !document.querySelector("[data-party]")) start();
})();

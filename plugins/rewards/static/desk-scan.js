// The camera at the desk: what it reads is looked up as if it were typed.
"use strict";

(() => {
  const button = document.querySelector("[data-scan]");
  const place = document.querySelector("[data-scanner]");
  if (!button || !navigator.mediaDevices) return;
  const code = button.closest("form").elements.code;
  button.hidden = false;

  const start = async () => {
    const stop = await Scan.start(place.querySelector("video"), (text) => {
      stop();
      code.value = text.slice(0, code.maxLength);
      code.form.requestSubmit();
    });
    if (!stop) return;
    place.hidden = false;
    button.hidden = true;
    sessionStorage.setItem("desk", "1");
  };

  button.addEventListener("click", start);
  // Whoever scans goes on scanning: the camera comes back unless something waits to be done.
  if (sessionStorage.getItem("desk") && !document.querySelector("[data-found]")) start();
})();

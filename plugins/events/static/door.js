// The camera at the door, where the browser can read QR codes itself; typing works everywhere.
"use strict";

(async () => {
  const button = document.querySelector("[data-scan]");
  const place = document.querySelector("[data-scanner]");
  const form = document.getElementById("door");
  if (!button || !("BarcodeDetector" in window) || !navigator.mediaDevices) return;
  if (!(await BarcodeDetector.getSupportedFormats()).includes("qr_code")) return;
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  const video = place.querySelector("video");
  button.hidden = false;

  const look = async (stream) => {
    const [found] = await detector.detect(video).catch(() => []);
    if (!found) { requestAnimationFrame(() => look(stream)); return; }
    stream.getTracks().forEach((track) => track.stop());
    form.elements.q.value = found.rawValue.split("code=").pop();
    form.requestSubmit();
  };

  const start = async () => {
    const wanted = { video: { facingMode: "environment" } };
    const stream = await navigator.mediaDevices.getUserMedia(wanted).catch(() => null);
    if (!stream) return;
    video.srcObject = stream;
    await video.play();
    place.hidden = false;
    button.hidden = true;
    sessionStorage.setItem("door", "1");
    look(stream);
  };

  button.addEventListener("click", start);
  // Whoever scans goes on scanning: the camera comes back once a party is in.
  if (sessionStorage.getItem("door") && !form.elements.q.value) start();
})();

// Reads QR codes from the camera or from a picture, with jsQR: in every browser.
"use strict";

window.Scan = (() => {
  const LARGEST = 800, PAUSE = 120, SAME = 3000;
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });

  const decode = (source, width, height) => {
    const scale = Math.min(1, LARGEST / Math.max(width, height));
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    pen.drawImage(source, 0, 0, canvas.width, canvas.height);
    const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
    const found = window.jsQR(data, canvas.width, canvas.height);
    return found && found.data ? found.data : null;
  };

  // Goes on until it is stopped: `found` hears each code, the same one again once it was away for 3 s.
  // Nothing is looked at before the caller holds what stops it.
  const start = async (video, found) => {
    const wanted = { video: { facingMode: "environment" }, audio: false };
    if (!navigator.mediaDevices) return null;
    const stream = await navigator.mediaDevices.getUserMedia(wanted).catch(() => null);
    if (!stream) return null;
    video.srcObject = stream;
    await video.play();
    let last = "", since = 0;
    const look = () => {
      const text = video.videoWidth ? decode(video, video.videoWidth, video.videoHeight) : null;
      const again = text === last && Date.now() - since < SAME;
      if (text) [last, since] = [text, Date.now()];
      timer = setTimeout(look, PAUSE);
      if (text && !again) found(text);
    };
    let timer = setTimeout(look);
    return () => {
      clearTimeout(timer);
      stream.getTracks().forEach((track) => track.stop());
    };
  };

  const read = async (file) => {
    const image = await createImageBitmap(file);
    return decode(image, image.width, image.height);
  };

  // What is typed, or the address that a code holds, as the ticket in it; "" for none.
  const ticket = (text) => {
    const plain = text.split("code=").pop().replace(/[\s-]/g, "").toUpperCase();
    return /^[2-9A-Z]{12}$/.test(plain) ? plain : "";
  };

  return { read, start, ticket };
})();

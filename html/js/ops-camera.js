// SPDX-License-Identifier: MIT
// Reads codes with the camera, where the browser can: it needs a BarcodeDetector, and a camera that the page may use.

const PAUSE_MS = 250;

let stream = null;
let timer = 0;

export const hasCamera = () => 'BarcodeDetector' in window && Boolean(navigator.mediaDevices?.getUserMedia);

// Calls back for each code that comes into view, and again only after it has left.
export async function startCamera(video, onCode, onTrouble) {
  stopCamera();
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
    video.srcObject = stream;
    video.hidden = false;
    await video.play();
    look(video, new window.BarcodeDetector({ formats: ['qr_code'] }), onCode, '');
  } catch {
    stopCamera();
    video.hidden = true;
    onTrouble('The camera cannot be used. Perhaps this site may not use it, or another program does. Type the locator instead.');
  }
}

function look(video, detector, onCode, before) {
  timer = setTimeout(async () => {
    const codes = await detector.detect(video).catch(() => []);
    const seen = codes[0]?.rawValue || '';
    if (!stream) return;
    if (seen && seen !== before) onCode(seen);
    look(video, detector, onCode, seen);
  }, PAUSE_MS);
}

export function stopCamera() {
  clearTimeout(timer);
  for (const track of stream?.getTracks() || []) track.stop();
  stream = null;
}

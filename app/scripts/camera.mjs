// Camera of a test browser: Chromium shows a file as its picture, and reads it anew each time that
// a page turns the camera on.

import { writeFileSync } from 'node:fs';

/** Pixels of the camera's picture. */
const WIDTH = 1_280;
const HEIGHT = 960;

/** Arguments of a browser whose camera shows a file. */
export function cameraArguments(file) {
  return [
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
    `--use-file-for-fake-video-capture=${file}`,
  ];
}

/** Has the camera show a PNG picture on a grey ground, decoded by a page that shows nothing else. */
export async function showToCamera(file, page, png) {
  const luma = await page.evaluate(
    async ([data, width, height]) => {
      const bytes = Uint8Array.from(atob(data), (it) => it.charCodeAt(0));
      const picture = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
      const canvas = new OffscreenCanvas(width, height);
      const context = canvas.getContext('2d');
      context.fillStyle = '#888';
      context.fillRect(0, 0, width, height);
      const scale = Math.min((0.9 * width) / picture.width, (0.9 * height) / picture.height);
      const [w, h] = [scale * picture.width, scale * picture.height];
      context.drawImage(picture, (width - w) / 2, (height - h) / 2, w, h);
      const { data: pixels } = context.getImageData(0, 0, width, height);
      let text = '';
      for (let place = 0; place < pixels.length; place += 4) {
        text += String.fromCharCode(pixels[place + 1]);
      }
      return btoa(text);
    },
    [png.toString('base64'), WIDTH, HEIGHT],
  );
  const chroma = Buffer.alloc((WIDTH * HEIGHT) / 2, 128);
  const frame = Buffer.concat([Buffer.from('FRAME\n'), Buffer.from(luma, 'base64'), chroma]);
  const head = Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420mpeg2\n`);
  writeFileSync(file, Buffer.concat([head, frame, frame]));
}

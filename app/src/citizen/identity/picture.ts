/** Picture of a recovery card, to be kept as a file. It can be scanned as the paper can. */

import type { QrDrawing } from '../../ui/qr.ts';

const WIDTH_PX = 1_080;
const MARGIN_PX = 72;
const LINE_PX = 48;
const COLUMNS = 3;
const CODE_PX = 640;
const FONT = 'system-ui, sans-serif';

/** Texts of a card. */
export interface CardTexts {
  title: string;
  warning: string;
  words: readonly string[];
  code: string;
  direction: 'ltr' | 'rtl';
}

/** Draws a card as a PNG file. */
export async function drawCard(texts: CardTexts): Promise<Blob> {
  const { drawQr } = await import('../../ui/qr.ts');
  const rows = Math.ceil(texts.words.length / COLUMNS);
  const codeTop = MARGIN_PX + 3 * LINE_PX;
  const wordsTop = codeTop + CODE_PX + LINE_PX;
  const canvas = document.createElement('canvas');
  canvas.width = WIDTH_PX;
  canvas.height = wordsTop + rows * LINE_PX + MARGIN_PX;
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this browser draws no pictures');
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = '#000';
  writeHead(context, texts);
  drawCode(context, drawQr(texts.code), (WIDTH_PX - CODE_PX) / 2, codeTop);
  writeWords(context, texts.words, rows, wordsTop);
  return new Promise((resolve, reject) => {
    const done = (file: Blob | null) =>
      file ? resolve(file) : reject(new Error('the picture could not be written'));
    canvas.toBlob(done, 'image/png');
  });
}

function writeHead(context: CanvasRenderingContext2D, { title, warning, direction }: CardTexts) {
  context.direction = direction;
  context.textAlign = 'center';
  const width = WIDTH_PX - 2 * MARGIN_PX;
  context.font = `bold 48px ${FONT}`;
  context.fillText(title, WIDTH_PX / 2, MARGIN_PX + LINE_PX, width);
  context.font = `32px ${FONT}`;
  context.fillText(warning, WIDTH_PX / 2, MARGIN_PX + 2 * LINE_PX, width);
}

function drawCode(
  context: CanvasRenderingContext2D,
  { path, side }: QrDrawing,
  left: number,
  top: number,
) {
  context.save();
  context.translate(left, top);
  context.scale(CODE_PX / side, CODE_PX / side);
  context.fill(new Path2D(path));
  context.restore();
}

function writeWords(
  context: CanvasRenderingContext2D,
  words: readonly string[],
  rows: number,
  top: number,
) {
  context.direction = 'ltr';
  context.textAlign = 'left';
  context.font = `36px ${FONT}`;
  const columnPx = (WIDTH_PX - 2 * MARGIN_PX) / COLUMNS;
  words.forEach((word, index) => {
    const left = MARGIN_PX + Math.floor(index / rows) * columnPx;
    context.fillText(`${index + 1}. ${word}`, left, top + ((index % rows) + 1) * LINE_PX, columnPx);
  });
}

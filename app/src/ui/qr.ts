import encodeQR from 'qr';

/** Modules of white around a code that scanners need (ISO/IEC 18004). */
const QUIET_ZONE = 4;

/** Drawing of a QR code: the path of its dark modules and the side of its square, in modules. */
export interface QrDrawing {
  path: string;
  side: number;
}

/** Draws a text as a QR code. Capital letters and digits make smaller codes than others. */
export function drawQr(text: string): QrDrawing {
  const rows = encodeQR(text, 'raw', { ecc: 'medium', border: QUIET_ZONE });
  let path = '';
  rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x += 1) {
      if (!row[x]) continue;
      const start = x;
      while (row[x + 1]) x += 1;
      const length = x - start + 1;
      path += `M${start} ${y}h${length}v1h-${length}z`;
    }
  });
  return { path, side: rows.length };
}

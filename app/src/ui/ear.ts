/** Place of a grain of the ear of wheat, in the units of its drawing. */
export interface Grain {
  x: number;
  y: number;
  /** Turn around its own middle, in degrees. */
  turn: number;
}

/** Height of a row of grains, in the units of the drawing. */
const ROW = 11;
/** Height of the tip with its single grain. */
const TIP = 14;
/** Length of the stem below the last row. */
const STEM = 16;
/** Width of the drawing. */
export const EAR_WIDTH = 48;
/** Grains of the ear that is the app's sign and counts nothing. */
export const GRAINS_OF_SIGN = 9;

/** Returns the grains of an ear from the lowest to the tip, two in a row, and its height. */
export function grainsOfEar(count: number): { grains: Grain[]; height: number } {
  const rows = Math.floor(Math.max(count - 1, 0) / 2) + ((count - 1) % 2 === 1 ? 1 : 0);
  const height = TIP + rows * ROW + STEM;
  const middle = EAR_WIDTH / 2;
  const grains: Grain[] = [];
  for (let index = 0; index < count - 1; index += 1) {
    const row = Math.floor(index / 2);
    const side = index % 2 === 0 ? -1 : 1;
    grains.push({
      x: middle + side * 9,
      y: height - STEM - (row + 0.5) * ROW,
      turn: side * 34,
    });
  }
  if (count > 0) grains.push({ x: middle, y: TIP / 2 + 1, turn: 0 });
  return { grains, height };
}

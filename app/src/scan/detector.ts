/**
 * Reader of QR codes: the browser's own where it has one, and else the library's, whose code and
 * WebAssembly come from the app's own host when they are first needed.
 */

/** Reads the texts of the QR codes in a picture or in the present frame of a video. */
export type ReadCodes = (source: ImageBitmapSource) => Promise<string[]>;

/** Part of the Barcode Detection API that is used here. */
interface Detector {
  detect(source: ImageBitmapSource): Promise<readonly { rawValue: string }[]>;
}

interface DetectorClass {
  new (options: { formats: ['qr_code'] }): Detector;
  getSupportedFormats(): Promise<readonly string[]>;
}

/** Loads a reader. Fails where neither kind can be had. */
export async function loadReader(): Promise<ReadCodes> {
  const detector = (await ownDetector()) ?? (await import('./ponyfill.ts')).makeDetector();
  return async (source) => (await detector.detect(source)).map(({ rawValue }) => rawValue);
}

/** Makes the browser's own detector, if it has one that reads QR codes. */
async function ownDetector(): Promise<Detector | undefined> {
  const { BarcodeDetector } = globalThis as { BarcodeDetector?: DetectorClass };
  try {
    const formats = (await BarcodeDetector?.getSupportedFormats()) ?? [];
    return BarcodeDetector && formats.includes('qr_code')
      ? new BarcodeDetector({ formats: ['qr_code'] })
      : undefined;
  } catch {
    return undefined;
  }
}

import { BarcodeDetector, prepareZXingModule } from 'barcode-detector/ponyfill';
import readerAddress from 'zxing-wasm/reader/zxing_reader.wasm?url';

/** Makes the library's detector of QR codes, with the module from the app's own host. */
export function makeDetector(): BarcodeDetector {
  const address = new URL(readerAddress, import.meta.url).href;
  // The library's default is an address of somebody else.
  prepareZXingModule({ overrides: { locateFile: () => address } });
  return new BarcodeDetector({ formats: ['qr_code'] });
}

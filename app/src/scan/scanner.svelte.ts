import { loadReader, type ReadCodes } from './detector.ts';
import { cameraProblemOf, chooseCode, type ScanHint, type ScanState } from './scan.ts';

/** Pause between two looks at the camera's picture. */
const LOOK_EVERY_MS = 200;
/** Side of the camera's picture that is asked for: a dense code needs it, and a phone has it. */
const PICTURE_PX = 1_280;

/** Surroundings of a scanner. */
export interface ScannerContext {
  openCamera: () => Promise<MediaStream>;
  loadReader: () => Promise<ReadCodes>;
  decode: (file: Blob) => Promise<ImageBitmapSource>;
}

/** The browser's camera and reader. */
const BROWSER: ScannerContext = {
  openCamera: () => {
    // A page without encryption has no such thing.
    const { mediaDevices } = navigator as { mediaDevices?: MediaDevices };
    if (!mediaDevices) return Promise.reject(new DOMException('', 'NotFoundError'));
    const video = { facingMode: 'environment', width: { ideal: PICTURE_PX } };
    return mediaDevices.getUserMedia({ video, audio: false });
  },
  loadReader,
  decode: (file) => createImageBitmap(file),
};

/** Video element as far as a scanner uses it. */
export type Screen = Pick<HTMLVideoElement, 'srcObject' | 'play'> & ImageBitmapSource;

/** Looks through the camera, or at pictures, for a code that is accepted. */
export class Scanner {
  state = $state.raw<ScanState>({ kind: 'starting' });

  #stream: MediaStream | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reader: Promise<ReadCodes> | undefined;
  #isStopped = false;
  /** Code that was handed on last; it is not handed on twice. */
  #last: string | undefined;

  constructor(
    private readonly accepts: (text: string) => boolean,
    private readonly onscan: (text: string) => void,
    private readonly context: ScannerContext = BROWSER,
  ) {}

  /** Shows the camera's picture on a screen, and looks for a code until it is stopped. */
  async start(screen: Screen): Promise<void> {
    try {
      const stream = await this.context.openCamera();
      if (this.#isStopped) return void stop(stream);
      this.#stream = stream;
      for (const track of stream.getTracks()) {
        track.addEventListener('ended', () => this.#noCamera('busy'));
      }
      screen.srcObject = stream;
      await screen.play();
    } catch (error) {
      return this.#noCamera(cameraProblemOf(error));
    }
    const read = await this.#read().catch(() => undefined);
    if (this.#isStopped) return;
    if (!read) return this.#noCamera('no-reader');
    this.state = { ...this.state, kind: 'looking' };
    await this.#look(screen, read);
  }

  /** Ends the look and turns the camera off. */
  stop(): void {
    this.#isStopped = true;
    this.#release();
  }

  /** Looks for the code in a picture that was chosen. */
  async readPicture(file: Blob): Promise<void> {
    const picture = await this.context.decode(file).catch(() => undefined);
    if (!picture) return this.#hint('no-picture');
    try {
      const read = await this.#read();
      const found = chooseCode(await read(picture), this.accepts);
      if (this.#isStopped) return;
      if ('text' in found) this.onscan(found.text);
      else this.#hint(found.hint);
    } catch {
      this.#noCamera('no-reader');
    }
  }

  async #look(screen: Screen, read: ReadCodes): Promise<void> {
    // A frame that cannot be read, as the first of a camera, is one without a code.
    const texts = await read(screen).catch(() => []);
    if (this.#isStopped || this.state.kind !== 'looking') return;
    const found = chooseCode(texts, this.accepts);
    if ('text' in found && found.text !== this.#last) {
      this.#last = found.text;
      this.onscan(found.text);
    }
    if ('hint' in found && found.hint === 'other-code') this.#hint('other-code');
    this.#timer = setTimeout(() => void this.#look(screen, read), LOOK_EVERY_MS);
  }

  #read(): Promise<ReadCodes> {
    this.#reader ??= this.context.loadReader().catch((error: unknown) => {
      this.#reader = undefined;
      throw error;
    });
    return this.#reader;
  }

  #hint(hint: ScanHint): void {
    if (!this.#isStopped) this.state = { ...this.state, hint };
  }

  #noCamera(why: Extract<ScanState, { kind: 'no-camera' }>['why']): void {
    this.#release();
    if (!this.#isStopped) this.state = { kind: 'no-camera', why };
  }

  #release(): void {
    clearTimeout(this.#timer);
    if (this.#stream) stop(this.#stream);
    this.#stream = undefined;
  }
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

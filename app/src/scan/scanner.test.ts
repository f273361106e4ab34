import { describe, expect, it, vi } from 'vitest';

import type { ReadCodes } from './detector.ts';
import { cameraProblemOf, chooseCode } from './scan.ts';
import { Scanner, type ScannerContext, type Screen } from './scanner.svelte.ts';

const accepts = (text: string) => text.startsWith('CARD');
const named = (name: string) => new DOMException('', name);

class Track extends EventTarget {
  isOn = true;
  stop = () => void (this.isOn = false);
}

const streamOf = (track: Track) => ({ getTracks: () => [track] }) as unknown as MediaStream;
const screen = () => ({ srcObject: null, play: async () => undefined }) as unknown as Screen;

/** Camera whose frames have these codes, one list after the other. */
function camera(frames: string[][], more: Partial<ScannerContext> = {}) {
  const track = new Track();
  const read: ReadCodes = async () => frames.shift() ?? [];
  const context: ScannerContext = {
    openCamera: async () => streamOf(track),
    loadReader: async () => read,
    decode: async (file) => file,
    ...more,
  };
  const scanned: string[] = [];
  const scanner = new Scanner(accepts, (text) => scanned.push(text), context);
  return { scanner, scanned, track };
}

describe('a scan', () => {
  it('looks until it sees the code, hands it on once, and turns the camera off', async () => {
    vi.useFakeTimers();
    const { scanner, scanned, track } = camera([[], ['https://a'], ['CARD 1'], ['CARD 1'], ['CARD 2']]);
    await scanner.start(screen());
    expect(scanner.state).toEqual({ kind: 'looking' });
    await vi.advanceTimersByTimeAsync(200);
    expect(scanner.state).toEqual({ kind: 'looking', hint: 'other-code' });
    await vi.advanceTimersByTimeAsync(600);
    expect(scanned).toEqual(['CARD 1', 'CARD 2']);
    scanner.stop();
    expect(track.isOn).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('turns off a camera that starts after the page was left', async () => {
    const { scanner, scanned, track } = camera([['CARD 1']]);
    const started = scanner.start(screen());
    scanner.stop();
    await started;
    expect(track.isOn).toBe(false);
    expect(scanned).toEqual([]);
  });

  it('says why there is no camera, and reads a picture all the same', async () => {
    for (const [name, why] of [
      ['NotAllowedError', 'refused'],
      ['NotFoundError', 'none'],
      ['NotReadableError', 'busy'],
    ] as const) {
      const openCamera = () => Promise.reject(named(name));
      const { scanner, scanned } = camera([['CARD 3']], { openCamera });
      await scanner.start(screen());
      expect(scanner.state).toEqual({ kind: 'no-camera', why });
      await scanner.readPicture(new Blob());
      expect(scanned).toEqual(['CARD 3']);
    }
    expect(cameraProblemOf(undefined)).toBe('none');
  });

  it('says so when a camera is taken away, and when the reader does not load', async () => {
    const { scanner, track } = camera([[], []]);
    await scanner.start(screen());
    track.dispatchEvent(new Event('ended'));
    expect(scanner.state).toEqual({ kind: 'no-camera', why: 'busy' });
    const other = camera([], { loadReader: () => Promise.reject(new TypeError('lost')) });
    await other.scanner.start(screen());
    expect(other.scanner.state).toEqual({ kind: 'no-camera', why: 'no-reader' });
    expect(other.track.isOn).toBe(false);
  });

  it('says what is wrong with a picture', async () => {
    const { scanner, scanned } = camera([[], ['https://a']]);
    await scanner.readPicture(new Blob());
    expect(scanner.state.hint).toBe('no-code');
    await scanner.readPicture(new Blob());
    expect(scanner.state.hint).toBe('other-code');
    const decode = () => Promise.reject(new Error('no image'));
    const other = camera([], { decode });
    await other.scanner.readPicture(new Blob());
    expect(other.scanner.state.hint).toBe('no-picture');
    expect(scanned).toEqual([]);
  });

  it('chooses the code among others', () => {
    expect(chooseCode(['https://a', 'CARD 1'], accepts)).toEqual({ text: 'CARD 1' });
    expect(chooseCode([], accepts)).toEqual({ hint: 'no-code' });
  });
});

/**
 * The WebAssembly module of `crates/wasm`. Its `call.rs` describes the calls and the layout of
 * their bytes. Numbers are big-endian.
 */

import { concat, type Bytes } from '../bytes/bytes.ts';

/** Calls of the module, each at the place of its number. */
const CALLS = [
  'commitment',
  'nullifierHash',
  'receiveAddress',
  'loadProver',
  'beginClaim',
  'share',
  'sums',
  'finishClaim',
  'tileRange',
  'tileRangeAround',
  'path',
  'receiveKey',
  'gasKey',
  'irisCommitments',
] as const;

/** Reasons for which a call has no answer, each at the place of its number less one. */
const REFUSALS = [
  'malformed',
  'out-of-range',
  'unknown-call',
  'no-prover',
  'foreign-root',
  'no-claim',
  'mismatch',
  'unknown-model',
] as const;

export type ModuleCall = (typeof CALLS)[number];

/** Refusal of a call by the module. */
export class ModuleRefusal extends Error {
  override readonly name = 'ModuleRefusal';

  constructor(readonly reason: (typeof REFUSALS)[number] | 'broken') {
    super(reason);
  }
}

interface Exports {
  memory: { buffer: ArrayBuffer };
  annona_request(length: number): number;
  annona_call(call: number): number;
  annona_answer(): number;
  annona_answer_length(): number;
}

/** One instance of the module. */
export class Module {
  private constructor(private readonly exports: Exports) {}

  /** Makes an instance of compiled code. */
  static async of(code: WebAssembly.Module): Promise<Module> {
    const { exports } = await WebAssembly.instantiate(code, {});
    return new Module(exports as unknown as Exports);
  }

  /** Makes a call with the parts of its argument. Throws a `ModuleRefusal`. */
  call(call: ModuleCall, ...parts: readonly Uint8Array[]): Bytes {
    const { exports } = this;
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    let place = exports.annona_request(length) >>> 0;
    for (const part of parts) {
      new Uint8Array(exports.memory.buffer, place, part.length).set(part);
      place += part.length;
    }
    const refusal = exports.annona_call(CALLS.indexOf(call));
    if (refusal !== 0) throw new ModuleRefusal(REFUSALS[refusal - 1] ?? 'broken');
    const answer = exports.annona_answer() >>> 0;
    return new Uint8Array(exports.memory.buffer, answer, exports.annona_answer_length()).slice();
  }
}

/** Writes a number in 8 bytes. */
export function uint64(value: number | bigint): Bytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

/** Writes a byte string with its length in 4 bytes before it. */
export function measured(bytes: Uint8Array): Bytes {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return concat(length, bytes);
}

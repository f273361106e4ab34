/**
 * Files that the wallet's workers load: the module's code, the prover of claims and its witness
 * program. They come from the app's own host. The last two are known by their hashes, because a
 * prover that somebody else has made could mark the proofs of a person.
 */

import proverAddress from '../../../crates/prover/keys/semaphore_30.prover?url';
import witnessAddress from '../../../crates/prover/keys/semaphore_30.witness?url';
import moduleAddress from './generated/annona.wasm?url';
import { concat, toHex, type Bytes } from '../bytes/bytes.ts';
import { fail } from './failure.ts';
import { PROVER_BYTES, PROVER_SHA256, WITNESS_BYTES, WITNESS_SHA256 } from './hashes.ts';

/** Files of the prover of claims. */
export interface ProverFiles {
  prover: Bytes;
  witness: Bytes;
}

/** Time within which a file must have come. */
const LIMIT_MS = 120_000;

/** Report of the bytes that have come, of all. */
export type OnBytes = (done: number, total: number) => void;

/** Fetches and compiles the module. */
export async function loadModule(): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await load(moduleAddress, 'module-missing'));
}

/** Fetches the files of the prover, and refuses them where their hashes are others. */
export async function loadProver(onBytes: OnBytes = () => undefined): Promise<ProverFiles> {
  const total = PROVER_BYTES + WITNESS_BYTES;
  const come = { prover: 0, witness: 0 };
  const counting = (file: keyof typeof come) => (bytes: number) => {
    come[file] = bytes;
    // A file of another size is refused by its hash; until then no more has come than there is.
    onBytes(Math.min(total, come.prover + come.witness), total);
  };
  const [prover, witness] = await Promise.all([
    loadKnown(proverAddress, PROVER_SHA256, counting('prover')),
    loadKnown(witnessAddress, WITNESS_SHA256, counting('witness')),
  ]);
  return { prover, witness };
}

async function loadKnown(address: string, hash: string, onSize: OnSize): Promise<Bytes> {
  const kept = await load(address, 'files-missing', 'default', onSize);
  if ((await sha256(kept)) === hash) return kept;
  // A file that was damaged on its way stays in the browser's cache for as long as a right one.
  const fresh = await load(address, 'files-missing', 'reload', onSize);
  if ((await sha256(fresh)) !== hash) fail({ code: 'files-damaged' });
  return fresh;
}

/** Report of how many bytes of a file have come. */
type OnSize = (bytes: number) => void;

/** Fetches a file; fails with the code that says which part of the app is missing. */
async function load(
  address: string,
  missing: 'module-missing' | 'files-missing',
  cache: RequestCache = 'default',
  onSize: OnSize = () => undefined,
): Promise<Bytes> {
  try {
    const answer = await fetch(new URL(address, import.meta.url), {
      cache,
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    if (answer.ok) return await readWhole(answer, onSize);
  } catch {
    // A lost connection is told as an answer of another kind is.
  }
  return fail({ code: missing });
}

/** Reads an answer part by part, as it comes. */
async function readWhole(answer: Response, onSize: OnSize): Promise<Bytes> {
  const parts: Bytes[] = [];
  let size = 0;
  onSize(size);
  const reader = answer.body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    parts.push(part.value);
    size += part.value.length;
    onSize(size);
  }
  return concat(...parts);
}

/** Returns the SHA-256 hash in hexadecimal digits. */
export async function sha256(bytes: Bytes): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}

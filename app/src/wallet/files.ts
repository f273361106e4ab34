/**
 * Files that the wallet's workers load: the module's code, the prover of claims and its witness
 * program. They come from the app's own host. The last two are known by their hashes, because a
 * prover that somebody else has made could mark the proofs of a person.
 */

import proverAddress from '../../../crates/prover/keys/semaphore_30.prover?url';
import witnessAddress from '../../../crates/prover/keys/semaphore_30.witness?url';
import moduleAddress from './generated/annona.wasm?url';
import { toHex, type Bytes } from '../bytes/bytes.ts';
import { fail } from './failure.ts';
import { PROVER_SHA256, WITNESS_SHA256 } from './hashes.ts';

/** Files of the prover of claims. */
export interface ProverFiles {
  prover: Bytes;
  witness: Bytes;
}

/** Time within which a file must have come. */
const LIMIT_MS = 120_000;

/** Fetches and compiles the module. */
export async function loadModule(): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await load(moduleAddress, 'module-missing'));
}

/** Fetches the files of the prover, and refuses them where their hashes are others. */
export async function loadProver(): Promise<ProverFiles> {
  const [prover, witness] = await Promise.all([
    loadKnown(proverAddress, PROVER_SHA256),
    loadKnown(witnessAddress, WITNESS_SHA256),
  ]);
  return { prover, witness };
}

async function loadKnown(address: string, hash: string): Promise<Bytes> {
  const kept = await load(address, 'files-missing');
  if ((await sha256(kept)) === hash) return kept;
  // A file that was damaged on its way stays in the browser's cache for as long as a right one.
  const fresh = await load(address, 'files-missing', 'reload');
  if ((await sha256(fresh)) !== hash) fail({ code: 'files-damaged' });
  return fresh;
}

/** Fetches a file; fails with the code that says which part of the app is missing. */
async function load(
  address: string,
  missing: 'module-missing' | 'files-missing',
  cache: RequestCache = 'default',
): Promise<Bytes> {
  try {
    const answer = await fetch(new URL(address, import.meta.url), {
      cache,
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    if (answer.ok) return new Uint8Array(await answer.arrayBuffer());
  } catch {
    // A lost connection is told as an answer of another kind is.
  }
  return fail({ code: missing });
}

/** Returns the SHA-256 hash in hexadecimal digits. */
export async function sha256(bytes: Bytes): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}

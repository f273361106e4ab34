/** Loads module and prover when they are first needed, and once more after a failure. */

import helperAddress from './helper.ts?worker&url';
import { loadModule, loadProver, type OnBytes } from './files.ts';
import { Module } from './module.ts';
import { ClaimProver, type HelperPort } from './prover.ts';
import { trustedWorkerAddress } from './trusted.ts';
import type { Computing } from './wallet.ts';

/** Most workers that prove together; each needs about 25 MB. */
const MOST_WORKERS = 4;

/** Computes in this worker, and has as many helpers as there are other cores. */
export function computing(): Computing {
  const code = kept(loadModule);
  const module = kept(async () => Module.of(await code()));
  const listeners = new Set<OnBytes>();
  const onBytes: OnBytes = (done, total) => listeners.forEach((it) => it(done, total));
  const prover = kept(async () => {
    const [files, ownModule, compiled] = await Promise.all([loadProver(onBytes), module(), code()]);
    return ClaimProver.load(ownModule, compiled, files, startHelpers());
  });
  return {
    module,
    prover: async (listener) => {
      if (listener) listeners.add(listener);
      try {
        return await prover();
      } finally {
        if (listener) listeners.delete(listener);
      }
    },
  };
}

/** Keeps what was made, and makes it again where that failed. */
function kept<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

/** Starts helpers; none where a worker cannot start workers. */
function startHelpers(): HelperPort[] {
  if (typeof Worker === 'undefined') return [];
  const count = Math.min(navigator.hardwareConcurrency || 1, MOST_WORKERS) - 1;
  if (count < 1) return [];
  try {
    const address = trustedWorkerAddress(helperAddress);
    return Array.from(
      { length: count },
      () => new Worker(address, { type: 'module', name: 'annona-helper' }),
    );
  } catch {
    return [];
  }
}

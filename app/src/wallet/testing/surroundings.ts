import 'fake-indexeddb/auto';

import { IDBFactory } from 'fake-indexeddb';

import { readFile } from 'node:fs/promises';

import { Module } from '../module.ts';
import { ClaimProver } from '../prover.ts';
import { WalletStorage } from '../storage.ts';
import type { Argon2Cost } from '../stretching.ts';
import { Wallet, type Computing } from '../wallet.ts';

/** Least cost that a record may have: tests stretch many PINs. */
export const CHEAP: Argon2Cost = { memoryKib: 8_192, iterations: 1, parallelism: 1 };

const FOLDER = new URL('../../../../', import.meta.url);

/** Reads a file of the repository. */
export async function fileBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(new URL(path, FOLDER)));
}

/** Returns the compiled module; `cargo xtask wasm` makes its file. */
export async function compiledModule(): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await fileBytes('app/src/wallet/generated/annona.wasm'));
}

/** Module and prover from the repository's files, without helpers. */
const COMPUTING: Computing = {
  module: async () => Module.of(await compiledModule()),
  prover: async () => {
    const code = await compiledModule();
    const files = {
      prover: await fileBytes('crates/prover/keys/semaphore_30.prover'),
      witness: await fileBytes('crates/prover/keys/semaphore_30.witness'),
    };
    return ClaimProver.load(await Module.of(code), code, files, []);
  },
};

/** A device: one database, one clock, and one tab at a time, as Web Locks have it. */
export class Device {
  nowMs = 1_700_000_000_000;
  #last: Promise<unknown> = Promise.resolve();

  constructor() {
    globalThis.indexedDB = new IDBFactory();
  }

  async storage(): Promise<WalletStorage> {
    return WalletStorage.open();
  }

  /** Opens another tab. */
  async tab(): Promise<Wallet> {
    return new Wallet({
      storage: await this.storage(),
      runAlone: (work) => {
        const done = this.#last.then(work, work);
        this.#last = done.catch(() => undefined);
        return done;
      },
      nowMs: () => this.nowMs,
      cost: CHEAP,
      computing: COMPUTING,
    });
  }

  passSecs(secs: number): void {
    this.nowMs += 1_000 * secs;
  }
}

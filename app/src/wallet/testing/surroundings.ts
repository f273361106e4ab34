import 'fake-indexeddb/auto';

import { IDBFactory } from 'fake-indexeddb';

import { WalletStorage } from '../storage.ts';
import type { Argon2Cost } from '../stretching.ts';
import { Wallet } from '../wallet.ts';

/** Least cost that a record may have: tests stretch many PINs. */
export const CHEAP: Argon2Cost = { memoryKib: 8_192, iterations: 1, parallelism: 1 };

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
    });
  }

  passSecs(secs: number): void {
    this.nowMs += 1_000 * secs;
  }
}

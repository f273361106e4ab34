import type { DBSchema } from 'idb';

import { connectionTo, type Connection } from '../../storage/connection.ts';
import type { Transfer } from './transfer.ts';

/** Most settled transfers that are kept; the chain has them all. */
const MAX_KEPT = 50;

interface TransferSchema extends DBSchema {
  transfers: { key: number; value: Transfer & { place?: number } };
}

/** Transfers of this device in IndexedDB, in the order of their signing. They hold no key. */
export class TransferStorage {
  private constructor(private readonly connection: Connection<TransferSchema>) {}

  static async open(): Promise<TransferStorage> {
    const connection = connectionTo<TransferSchema>('annona-transfers', (tables) =>
      tables.createObjectStore('transfers', { keyPath: 'place', autoIncrement: true }),
    );
    await connection.database();
    return new TransferStorage(connection);
  }

  async all(): Promise<Transfer[]> {
    return (await this.connection.database()).getAll('transfers');
  }

  /** Adds a transfer, or puts it where it was; of too many, the oldest go. */
  async put(transfer: Transfer): Promise<void> {
    const database = await this.connection.database();
    const write = database.transaction('transfers', 'readwrite');
    await write.store.put(transfer);
    const places = await write.store.getAllKeys();
    for (const place of places.slice(0, -MAX_KEPT)) await write.store.delete(place);
    await write.done;
  }
}

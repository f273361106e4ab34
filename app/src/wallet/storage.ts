import { openDB, type DBSchema, type IDBPDatabase } from 'idb';

import { Connection } from '../storage/connection.ts';
import type { Attempts } from './attempts.ts';
import type { Deployment } from './protocol.ts';

/** Tables of the wallet's database. What is read from `vault` is checked by `readRecord`. */
interface WalletSchema extends DBSchema {
  vault: { key: 'record'; value: unknown };
  keys: { key: 'device'; value: CryptoKey };
  attempts: { key: 'pin'; value: Attempts };
  /** Records that nothing could open when the person restored from a card. */
  replaced: { key: number; value: { record: unknown; deviceKey: CryptoKey | undefined } };
  /** Deployment for which the wallet proves, and for no other. */
  deployment: { key: 'adopted'; value: Deployment };
}

const NAME = 'annona-wallet';
const VERSION = 2;

function openDatabase(onLost: () => void): Promise<IDBPDatabase<WalletSchema>> {
  return openDB<WalletSchema>(NAME, VERSION, {
    upgrade(tables, before) {
      if (before < 1) {
        tables.createObjectStore('vault');
        tables.createObjectStore('keys');
        tables.createObjectStore('attempts');
        tables.createObjectStore('replaced', { autoIncrement: true });
      }
      if (before < 2) tables.createObjectStore('deployment');
    },
    // A later version of the app in another tab wants to change the tables.
    blocking: (_current, _blocked, event) => {
      (event.target as IDBDatabase).close();
      onLost();
    },
    // The browser has deleted the data of the site.
    terminated: onLost,
  });
}

/** The wallet's database in the browser: encrypted records, a key that cannot be read out, counts. */
export class WalletStorage {
  private constructor(private readonly connection: Connection<WalletSchema>) {}

  /** Opens the database and makes its tables where they are missing. */
  static async open(): Promise<WalletStorage> {
    const connection = new Connection(openDatabase);
    await connection.database();
    return new WalletStorage(connection);
  }

  /** Closes the database. */
  async close(): Promise<void> {
    await this.connection.close();
  }

  async record(): Promise<unknown> {
    return (await this.connection.database()).get('vault', 'record');
  }

  async deviceKey(): Promise<CryptoKey | undefined> {
    return (await this.connection.database()).get('keys', 'device');
  }

  /** Stores a first record with its key, both or neither, and never over another record. */
  async addRecord(record: unknown, deviceKey: CryptoKey): Promise<void> {
    const change = (await this.connection.database()).transaction(['vault', 'keys', 'attempts'], 'readwrite');
    await Promise.all([
      change.objectStore('vault').add(record, 'record'),
      change.objectStore('keys').put(deviceKey, 'device'),
      change.objectStore('attempts').delete('pin'),
      change.done,
    ]);
  }

  /** Puts a record in the place of one that nothing opens, which is kept aside. */
  async replaceRecord(record: unknown, deviceKey: CryptoKey): Promise<void> {
    const change = (await this.connection.database()).transaction(
      ['vault', 'keys', 'attempts', 'replaced'],
      'readwrite',
    );
    const old = await change.objectStore('vault').get('record');
    const oldKey = await change.objectStore('keys').get('device');
    await Promise.all([
      change.objectStore('replaced').add({ record: old, deviceKey: oldKey }),
      change.objectStore('vault').put(record, 'record'),
      change.objectStore('keys').put(deviceKey, 'device'),
      change.objectStore('attempts').delete('pin'),
      change.done,
    ]);
  }

  /** Stores a change of the record, with a new key of the device where it has one. */
  async updateRecord(record: unknown, deviceKey?: CryptoKey): Promise<void> {
    const change = (await this.connection.database()).transaction(['vault', 'keys'], 'readwrite');
    await Promise.all([
      change.objectStore('vault').put(record, 'record'),
      deviceKey && change.objectStore('keys').put(deviceKey, 'device'),
      change.done,
    ]);
  }

  async attempts(): Promise<Attempts | undefined> {
    return (await this.connection.database()).get('attempts', 'pin');
  }

  async putAttempts(attempts: Attempts): Promise<void> {
    await (await this.connection.database()).put('attempts', attempts, 'pin');
  }

  async clearAttempts(): Promise<void> {
    await (await this.connection.database()).delete('attempts', 'pin');
  }

  async deployment(): Promise<Deployment | undefined> {
    return (await this.connection.database()).get('deployment', 'adopted');
  }

  /** Stores a deployment, and never over another one. */
  async addDeployment(deployment: Deployment): Promise<void> {
    await (await this.connection.database()).add('deployment', deployment, 'adopted');
  }
}

import { openDB, type DBSchema, type IDBPDatabase } from 'idb';

import type { Bytes } from '../bytes/bytes.ts';
import { Connection } from '../storage/connection.ts';
import type { Attempts } from './attempts.ts';
import type { Deployment } from './protocol.ts';
import type { Visit, VisitKey } from './visit.ts';

/** Code that was shown, until what the orb saw is here. */
export interface StoredVisit extends Visit {
  nonce: string;
  /** Time of issue by this device's clock, Unix seconds. */
  issuedAt: number;
  /** An orb has read the code, as a service told. */
  isTaken: boolean;
  /** Gone when the package was not fetched in time. */
  key?: VisitKey;
}

/** Custody package under the data key of a vault. */
export interface StoredPackage {
  nonce: string;
  /** Vault whose data key decrypts it. */
  vaultId: Bytes;
  sealed: Bytes;
  /** The service has deleted its copy. */
  isConfirmed: boolean;
}

/** Tables of the wallet's database. What is read from `vault` is checked by `readRecord`. */
interface WalletSchema extends DBSchema {
  vault: { key: 'record'; value: unknown };
  keys: { key: 'device'; value: CryptoKey };
  attempts: { key: 'pin'; value: Attempts };
  /** Records that nothing could open when the person restored from a card. */
  replaced: { key: number; value: { record: unknown; deviceKey: CryptoKey | undefined } };
  /** Deployment for which the wallet proves, and for no other. */
  deployment: { key: 'adopted'; value: Deployment };
  /** Keys of visits, which cannot be read out, by the nonces of their codes. */
  visits: { key: string; value: StoredVisit };
  packages: { key: string; value: StoredPackage };
}

const NAME = 'annona-wallet';
const VERSION = 3;

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
      if (before < 3) {
        tables.createObjectStore('visits');
        tables.createObjectStore('packages');
      }
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

  async visits(): Promise<StoredVisit[]> {
    return (await this.connection.database()).getAll('visits');
  }

  async visit(nonce: string): Promise<StoredVisit | undefined> {
    return (await this.connection.database()).get('visits', nonce);
  }

  async putVisit(visit: StoredVisit): Promise<void> {
    await (await this.connection.database()).put('visits', visit, visit.nonce);
  }

  async deleteVisits(nonces: readonly string[]): Promise<void> {
    const change = (await this.connection.database()).transaction('visits', 'readwrite');
    await Promise.all([...nonces.map((nonce) => change.store.delete(nonce)), change.done]);
  }

  async packages(): Promise<StoredPackage[]> {
    return (await this.connection.database()).getAll('packages');
  }

  async findPackage(nonce: string): Promise<StoredPackage | undefined> {
    return (await this.connection.database()).get('packages', nonce);
  }

  /** Stores a package, and returns when the browser has written it. */
  async putPackage(kept: StoredPackage): Promise<void> {
    const database = await this.connection.database();
    const change = database.transaction('packages', 'readwrite', { durability: 'strict' });
    await Promise.all([change.store.put(kept, kept.nonce), change.done]);
  }

  async deletePackage(nonce: string): Promise<void> {
    await (await this.connection.database()).delete('packages', nonce);
  }

  /** Notes that a service has deleted its copy, and deletes the keys of the visits, as one step. */
  async confirmPackage(nonce: string, visits: readonly string[]): Promise<void> {
    const database = await this.connection.database();
    const change = database.transaction(['visits', 'packages'], 'readwrite');
    const kept = await change.objectStore('packages').get(nonce);
    await Promise.all([
      kept && change.objectStore('packages').put({ ...kept, isConfirmed: true }, nonce),
      ...visits.map((it) => change.objectStore('visits').delete(it)),
      change.done,
    ]);
  }
}

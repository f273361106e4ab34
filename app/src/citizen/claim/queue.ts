import { openDB, type DBSchema, type IDBPDatabase } from 'idb';

import type { Service } from '../../service/service.ts';
import {
  afterAnswer,
  afterFailure,
  afterReading,
  afterTime,
  isAbout,
  nextAction,
  queuedClaim,
  type ClaimAction,
  type DeviceClaim,
  type Now,
  type SeenPayments,
} from './claim.ts';

interface ClaimSchema extends DBSchema {
  claims: { key: string; value: DeviceClaim };
}

/** Claims of this device in IndexedDB. They hold proofs and no secret. */
export class ClaimStorage {
  private constructor(private readonly database: IDBPDatabase<ClaimSchema>) {}

  static async open(): Promise<ClaimStorage> {
    const database = await openDB<ClaimSchema>('annona-claims', 1, {
      upgrade: (tables) => void tables.createObjectStore('claims', { keyPath: 'nullifierHash' }),
    });
    return new ClaimStorage(database);
  }

  async all(): Promise<DeviceClaim[]> {
    return this.database.getAll('claims');
  }

  async get(nullifierHash: string): Promise<DeviceClaim | undefined> {
    return this.database.get('claims', nullifierHash);
  }

  async put(claim: DeviceClaim): Promise<void> {
    await this.database.put('claims', claim);
  }
}

/** Surroundings of the queue. */
export interface QueueContext {
  storage: ClaimStorage;
  /** Runs work while no other tab runs any under this. */
  runAlone: <T>(work: () => Promise<T>) => Promise<T>;
  /** Relays in the person's order, as they are when the queue turns to them. */
  services: () => readonly Service[];
  now: () => Now;
}

/** Claims that wait, are under way or are done. Each step may end anywhere and be done again. */
export class ClaimQueue {
  constructor(private readonly context: QueueContext) {}

  /**
   * Puts a claim into the queue. A claim of the same nullifier hash that is not refused stays as
   * it is: one person is paid once in an epoch, and a second proof would change nothing.
   */
  async add(
    request: DeviceClaim['request'],
    root: string,
    windowEnd: number,
  ): Promise<DeviceClaim> {
    return this.context.runAlone(async () => {
      const claim = queuedClaim(request, root, windowEnd);
      const before = await this.context.storage.get(claim.nullifierHash);
      if (before && before.state.kind !== 'refused') return before;
      const { receipts, refusals } = before ?? claim;
      const renewed = { ...claim, receipts, refusals };
      await this.context.storage.put(renewed);
      return renewed;
    });
  }

  /** Returns the claims as they are stored. */
  async all(): Promise<DeviceClaim[]> {
    return this.context.storage.all();
  }

  /** Does what is due for each claim, once. Returns the claims as they are then. */
  async step(): Promise<DeviceClaim[]> {
    return this.context.runAlone(async () => {
      const { storage, now } = this.context;
      for (const stored of await storage.all()) {
        const claim = afterTime(stored, now());
        const after = await this.#act(claim);
        if (after !== stored) await storage.put(after);
      }
      return storage.all();
    });
  }

  /** Compares the claims with the payments that were read from the chain. */
  async compare(seen: SeenPayments): Promise<DeviceClaim[]> {
    return this.context.runAlone(async () => {
      const { storage } = this.context;
      for (const claim of await storage.all()) {
        const after = afterReading(claim, seen);
        if (after !== claim) await storage.put(after);
      }
      return storage.all();
    });
  }

  async #act(claim: DeviceClaim): Promise<DeviceClaim> {
    const { now } = this.context;
    const services = this.context.services();
    const addresses = services.map(({ address }) => address);
    const action = nextAction(claim, addresses, now());
    const service = this.#serviceOf(action);
    if (!service) return claim;
    const outcome =
      action.kind === 'send'
        ? await service.submitClaim(claim.request)
        : await service.findClaim(claim.nullifierHash);
    if (outcome.kind === 'answer' && isAbout(outcome.value, claim.request)) {
      return afterAnswer(claim, service.address, outcome.value, now());
    }
    const failure =
      outcome.kind === 'failure' ? outcome.failure : ({ kind: 'not-understood' } as const);
    return afterFailure(claim, failure, services.length, now());
  }

  /** Returns the service of an action; one that the person has removed is not asked. */
  #serviceOf(action: ClaimAction): Service | undefined {
    if (action.kind !== 'send' && action.kind !== 'ask') return undefined;
    return this.context.services().find(({ address }) => address === action.service);
  }
}

import type { DBSchema } from 'idb';

import type { ServiceFailure } from '../../service/problems.ts';
import type { ClaimView, Outcome, Service } from '../../service/service.ts';
import { connectionTo, type Connection } from '../../storage/connection.ts';
import type { BindingFault } from '../receipt/binding.ts';
import type { Judgement } from '../receipt/judgement.ts';
import {
  afterAnswer,
  afterFailure,
  afterJudging,
  afterReading,
  afterReconnecting,
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
  private constructor(private readonly connection: Connection<ClaimSchema>) {}

  static async open(): Promise<ClaimStorage> {
    const connection = connectionTo<ClaimSchema>('annona-claims', (tables) =>
      tables.createObjectStore('claims', { keyPath: 'nullifierHash' }),
    );
    await connection.database();
    return new ClaimStorage(connection);
  }

  async all(): Promise<DeviceClaim[]> {
    return (await this.connection.database()).getAll('claims');
  }

  async get(nullifierHash: string): Promise<DeviceClaim | undefined> {
    return (await this.connection.database()).get('claims', nullifierHash);
  }

  async put(claim: DeviceClaim): Promise<void> {
    await (await this.connection.database()).put('claims', claim);
  }
}

/** Surroundings of the queue. */
export interface QueueContext {
  storage: ClaimStorage;
  /** Runs work while no other tab runs any under this. */
  runAlone: <T>(work: () => Promise<T>) => Promise<T>;
  /** Relays in the person's order, as they are when the queue turns to them. */
  services: () => readonly Service[];
  /** Finds what is wrong with the receipt and the refusal of an answer, if anything (RCPT-6). */
  findFault: (view: ClaimView, claim: DeviceClaim) => Promise<BindingFault | undefined>;
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

  /**
   * Does what is due for each claim, once; after the network came back also what waits because no
   * relay was reached. Returns the claims as they are then.
   */
  async step({ isReconnected = false } = {}): Promise<DeviceClaim[]> {
    return this.context.runAlone(async () => {
      const { storage, now } = this.context;
      for (const stored of await storage.all()) {
        const timely = afterTime(stored, now());
        const claim = isReconnected ? afterReconnecting(timely, now()) : timely;
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

  /** Notes how receipts of a claim were judged. Returns the claims as they are then. */
  async note(
    nullifierHash: string,
    judgements: ReadonlyMap<string, Judgement>,
  ): Promise<DeviceClaim[]> {
    return this.context.runAlone(async () => {
      const { storage } = this.context;
      const claim = await storage.get(nullifierHash);
      if (claim) await storage.put(afterJudging(claim, judgements));
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
    const failure = await this.#failureOf(outcome, claim);
    return outcome.kind === 'answer' && !failure
      ? afterAnswer(claim, service.address, outcome.value, now())
      : afterFailure(claim, failure ?? { kind: 'not-understood' }, services.length, now());
  }

  /** Returns why an outcome is no answer about a claim. One that lies about a receipt is none. */
  async #failureOf(
    outcome: Outcome<ClaimView>,
    claim: DeviceClaim,
  ): Promise<ServiceFailure | undefined> {
    if (outcome.kind === 'failure') return outcome.failure;
    if (!isAbout(outcome.value, claim.request)) return { kind: 'not-understood' };
    const fault = await this.context.findFault(outcome.value, claim);
    return fault && { kind: 'binds-nobody' };
  }

  /** Returns the service of an action; one that the person has removed is not asked. */
  #serviceOf(action: ClaimAction): Service | undefined {
    if (action.kind !== 'send' && action.kind !== 'ask') return undefined;
    return this.context.services().find(({ address }) => address === action.service);
  }
}

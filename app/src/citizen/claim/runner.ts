/** Work at the queue of claims: at the start, when the network returns, and from time to time. */

import type { ReceiptView } from '../../service/service.ts';
import { dueReceipts, type Judgement } from '../receipt/judgement.ts';
import type { DeviceClaim, SeenPayments } from './claim.ts';
import type { ClaimQueue } from './queue.ts';

/** Time between two steps of the queue. */
export const STEP_EVERY_MS = 15_000;
/** Least time between two readings of the payments. */
export const READ_EVERY_MS = 60_000;

/** Surroundings of the runner. */
export interface RunnerContext {
  queue: Pick<ClaimQueue, 'all' | 'step' | 'compare' | 'note'>;
  /** Makes sure that there are services to send to, and that the time of the chain is known. */
  prepare: () => Promise<void>;
  /** Reads everybody's payments since the start of an epoch; nothing where that cannot be read. */
  readPayments: (sinceEpoch: number) => Promise<SeenPayments | undefined>;
  /** Holds a receipt against the chain; nothing where that cannot be done. */
  judge: (claim: DeviceClaim, receipt: ReceiptView) => Promise<Judgement | undefined>;
  onClaims: (claims: readonly DeviceClaim[]) => void;
  nowMs: () => number;
  chainSecs: () => number | undefined;
}

/** Returns whether a reading of the chain can still change a claim. */
function isUnsettled(claim: DeviceClaim, chainSecs: number | undefined): boolean {
  const { state, windowEnd } = claim;
  if (dueReceipts(claim, chainSecs).length > 0) return true;
  switch (state.kind) {
    case 'queued':
    case 'sent':
    case 'paid':
      return true;
    case 'refused':
      return chainSecs === undefined || chainSecs < windowEnd;
    case 'final':
    case 'missed':
      return false;
  }
}

/** Returns the oldest epoch whose payment can still be seen or taken away, if there is one. */
export function oldestUnsettled(
  claims: readonly DeviceClaim[],
  chainSecs: number | undefined,
): number | undefined {
  const epochs = claims.filter((it) => isUnsettled(it, chainSecs)).map((it) => it.epoch);
  return epochs.length === 0 ? undefined : Math.min(...epochs);
}

/** Returns whether a relay says that a claim is paid, and the chain was not seen to. */
function isToldToBePaid({ state }: DeviceClaim): boolean {
  return state.kind === 'sent' && (state.status === 'mined' || state.status === 'final');
}

/** Runs the queue, one run at a time. */
export class QueueRunner {
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #isReconnected = false;

  constructor(private readonly context: RunnerContext) {}

  /** Runs the queue once; calls during a run have it run once more after. */
  run(): Promise<void> {
    if (!this.#running) return this.#start();
    const ended = this.#running.catch(() => undefined);
    this.#next ??= ended.then(() => this.#start());
    return this.#next;
  }

  #start(): Promise<void> {
    this.#next = undefined;
    this.#running = this.#runOnce().finally(() => (this.#running = undefined));
    return this.#running;
  }

  /** Reads the payments at the next run, however short a time ago they were read. */
  readSoon(): void {
    this.#readAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Has the next run try what reached no relay, however long that was to wait: the network is back. */
  reconnect(): void {
    this.#isReconnected = true;
  }

  async #runOnce(): Promise<void> {
    const { queue, prepare, onClaims, chainSecs } = this.context;
    const before = await queue.all();
    onClaims(before);
    const since = oldestUnsettled(before, chainSecs());
    if (since === undefined) return;
    await prepare();
    const isReconnected = this.#isReconnected;
    this.#isReconnected = false;
    const after = await queue.step({ isReconnected });
    onClaims(after);
    if (after.some(isToldToBePaid)) this.readSoon();
    await this.#compare(since);
  }

  async #compare(since: number): Promise<void> {
    const { queue, readPayments, onClaims, nowMs } = this.context;
    if (nowMs() - this.#readAtMs < READ_EVERY_MS) return;
    this.#readAtMs = nowMs();
    const seen = await readPayments(since);
    if (!seen) return;
    const claims = await queue.compare(seen);
    onClaims(claims);
    for (const claim of claims) await this.#judge(claim);
  }

  /** Holds the receipts of a claim that are due against the chain. */
  async #judge(claim: DeviceClaim): Promise<void> {
    const { queue, judge, onClaims, chainSecs } = this.context;
    const judgements = new Map<string, Judgement>();
    for (const receipt of dueReceipts(claim, chainSecs())) {
      const judgement = await judge(claim, receipt);
      if (judgement) judgements.set(receipt.signature, judgement);
    }
    if (judgements.size > 0) onClaims(await queue.note(claim.nullifierHash, judgements));
  }
}

/** Has a runner run now, when the network returns, and from time to time. Returns the end of it. */
export function keepRunning(runner: QueueRunner, page: Window = window): () => void {
  // A storage that fails now is tried again by the next run.
  const run = () => void runner.run().catch(() => undefined);
  const timer = page.setInterval(run, STEP_EVERY_MS);
  const reconnect = () => {
    runner.reconnect();
    run();
  };
  page.addEventListener('online', reconnect);
  run();
  return () => {
    page.clearInterval(timer);
    page.removeEventListener('online', reconnect);
  };
}

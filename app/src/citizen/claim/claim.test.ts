import 'fake-indexeddb/auto';

import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, describe, expect, it } from 'vitest';

import type { Payment } from '../../chain/payments.ts';
import type { RequestContext } from '../../net/request.ts';
import { Service, type ClaimRequest, type ReceiptView } from '../../service/service.ts';
import { answerFault } from '../receipt/binding.ts';
import type { Judgement } from '../receipt/judgement.ts';
import { FACTS } from '../testing/fakes.ts';
import { OTHER_KEY, RECEIPT_KEY, signed } from '../testing/signing.ts';
import {
  afterReading,
  afterTime,
  brokenReceipts,
  openEpochs,
  queuedClaim,
  type DeviceClaim,
  type Now,
} from './claim.ts';
import { chainNow, partsOf } from './countdown.ts';
import { ClaimQueue, ClaimStorage } from './queue.ts';

const RPC = 'https://rpc.example/';
const word = (digit: string) => `0x${digit.repeat(64)}`;
const address = (digit: string) => `0x${digit.repeat(40)}`;
const EPOCH = 3;
const WINDOW_END = 2_000;
const ROOT = `0x${'5'.repeat(64)}`;
const REQUEST: ClaimRequest = {
  epoch: EPOCH,
  nullifierHash: word('a'),
  recipient: address('2'),
  feeRecipient: address('0'),
  fee: '0',
  proof: Array(8).fill(word('1')) as ClaimRequest['proof'],
};
const { proof: _, ...TERMS } = REQUEST;
const receipt = (deadline = 1_500, more: object = {}, key = RECEIPT_KEY): ReceiptView =>
  signed({ ...TERMS, root: ROOT, takenAt: 1_000, deadline, ...more }, FACTS.deployment, key);
const view = (status: string, more: object = {}) => ({
  nullifierHash: REQUEST.nullifierHash,
  epoch: EPOCH,
  status,
  ...more,
});
const payment: Payment = {
  epoch: EPOCH,
  nullifierHash: REQUEST.nullifierHash,
  recipient: REQUEST.recipient,
  amount: 70n,
  fee: 0n,
  blockNumber: 50,
  transactionHash: word('f'),
};

type Answer = { status: number; body: Record<string, unknown> } | 'silence';

const retryHeader = ({ retryAfterSecs }: Record<string, unknown>) =>
  retryAfterSecs === undefined ? {} : { 'retry-after': `${retryAfterSecs}` };

/** Relay that answers one thing after the other and keeps what it was asked. */
class Relay {
  readonly asked: string[] = [];
  answers: Answer[] = [];
  readonly service: Service;

  constructor(name: string) {
    const context: RequestContext = {
      fetch: async (request) => {
        const answer = this.answers[0] ?? 'silence';
        // Silence lasts for all attempts of one sending.
        if (answer !== 'silence') this.answers.shift();
        const { pathname } = new URL(request.url);
        if (answer === 'silence') throw new TypeError('no connection');
        this.asked.push(`${request.method} ${pathname}`);
        return new Response(JSON.stringify(answer.body), {
          status: answer.status,
          headers: {
            'content-type': 'application/json',
            ...retryHeader(answer.body),
          },
        });
      },
      sleep: async () => undefined,
      random: () => 0,
    };
    this.service = new Service(`https://${name}.example`, context);
  }

  will(...answers: Answer[]): void {
    this.answers = answers;
  }
}

const took = (more: object = {}): Answer => ({ status: 202, body: view('queued', more) });
const is = (status: string, more: object = {}): Answer => ({ status: 200, body: view(status, more) });
const refuses = (status: number, code: string, retryAfterSecs?: number): Answer => ({
  status,
  body: { code, retryAfterSecs },
});

let now: Now & { deviceMs: number };
let one: Relay;
let two: Relay;
let queue: ClaimQueue;
let runAlone: <T>(work: () => Promise<T>) => Promise<T>;

async function newQueue(): Promise<ClaimQueue> {
  return new ClaimQueue({
    storage: await ClaimStorage.open(),
    runAlone,
    services: () => [one.service, two.service],
    findFault: (view, claim) => answerFault(view, claim, FACTS),
    now: () => ({ ...now }),
  });
}

beforeEach(async () => {
  globalThis.indexedDB = new IDBFactory();
  now = { deviceMs: 1_000_000, chainSecs: 1_000 };
  one = new Relay('one');
  two = new Relay('two');
  let last: Promise<unknown> = Promise.resolve();
  runAlone = (work) => {
    const done = last.then(work, work);
    last = done.catch(() => undefined);
    return done;
  };
  queue = await newQueue();
  await queue.add(REQUEST, ROOT, WINDOW_END);
});

const pass = (secs: number) => {
  now.deviceMs += 1_000 * secs;
  now.chainSecs = (now.chainSecs ?? 0) + secs;
};
const step = async (): Promise<DeviceClaim> => (await queue.step())[0]!;

describe('a claim', () => {
  it('is sent once, followed where it was sent, and paid when the chain says so', async () => {
    one.will(took({ receipt: receipt() }), is('submitted'), is('mined', { transactionHash: word('f') }));
    const sent = await step();
    expect(sent.state).toMatchObject({ kind: 'sent', service: 'https://one.example' });
    expect(sent.receipts).toEqual([{ service: 'https://one.example', receipt: receipt() }]);
    expect((await step()).state).toEqual(sent.state);
    pass(15);
    expect((await step()).state).toMatchObject({ status: 'submitted' });
    pass(15);
    expect((await step()).state).toMatchObject({ status: 'mined', transaction: word('f') });
    pass(15);
    await step();
    expect(one.asked).toEqual([
      'POST /v1/claims',
      `GET /v1/claims/${word('a')}`,
      `GET /v1/claims/${word('a')}`,
    ]);
    expect(two.asked).toEqual([]);
    const seen = { payments: [payment], newestBlock: 55, confirmations: 12, sources: [RPC] };
    expect((await queue.compare(seen))[0]?.state.kind).toBe('paid');
    expect((await queue.compare({ ...seen, newestBlock: 62 }))[0]?.state).toEqual({
      kind: 'final',
      transaction: word('f'),
      blockNumber: 50,
      evidence: { kind: 'checked', blockNumber: 62, sources: [RPC] },
    });
  });

  it('outlives the tab', async () => {
    queue = await newQueue();
    one.will(took());
    expect((await step()).state.kind).toBe('sent');
    queue = await newQueue();
    expect((await step()).state).toMatchObject({ kind: 'sent', service: 'https://one.example' });
  });

  it('is sent once by two tabs at the same moment', async () => {
    one.will(took(), took());
    const other = await newQueue();
    await Promise.all([queue.step(), other.step()]);
    expect(one.asked).toEqual(['POST /v1/claims']);
  });

  it('that was put in twice is one', async () => {
    one.will(took());
    await step();
    const again = await queue.add({ ...REQUEST, fee: '1' }, ROOT, WINDOW_END);
    expect(again.request.fee).toBe('0');
    expect(again.state.kind).toBe('sent');
  });

  it('goes to the next relay at once, and waits longer after each round', async () => {
    one.will('silence');
    two.will(refuses(500, 'internal'));
    expect((await step()).state).toMatchObject({ kind: 'queued', notBeforeMs: now.deviceMs });
    const round = await step();
    expect(round.state).toEqual({
      kind: 'queued',
      notBeforeMs: now.deviceMs + 30_000,
      lastFailure: { kind: 'problem', code: 'internal' },
    });
    await step();
    expect(two.asked).toHaveLength(1);
    pass(30);
    two.will(refuses(503, 'payments-paused', 600));
    await step();
    expect((await step()).state).toMatchObject({ notBeforeMs: now.deviceMs + 600_000 });
    pass(600);
    one.will(took());
    expect((await step()).state).toMatchObject({ service: 'https://one.example' });
  });

  it('that reached no relay is sent when the network is back, and one that was told to wait waits', async () => {
    one.will('silence');
    two.will('silence');
    await step();
    expect((await step()).state).toMatchObject({ notBeforeMs: now.deviceMs + 30_000 });
    one.will(refuses(500, 'internal'));
    two.will(refuses(503, 'payments-paused', 600));
    await step();
    expect(one.asked).toHaveLength(0);
    await queue.step({ isReconnected: true });
    expect(one.asked).toHaveLength(1);
    await step();
    await queue.step({ isReconnected: true });
    expect([one.asked, two.asked].map((it) => it.length)).toEqual([1, 1]);
    expect((await step()).state).toMatchObject({ notBeforeMs: now.deviceMs + 600_000 });
  });

  it('that a relay has forgotten goes to another one, with its receipt kept', async () => {
    one.will(took({ receipt: receipt() }), refuses(404, 'claim-unknown'));
    two.will(took());
    await step();
    pass(15);
    expect((await step()).state.kind).toBe('queued');
    const passed = await step();
    expect(passed.state).toMatchObject({ service: 'https://two.example' });
    expect(passed.receipts).toHaveLength(1);
  });

  it('whose receipt is broken goes to another relay, and the receipt is evidence', async () => {
    one.will(took({ receipt: receipt(1_500) }), is('queued'));
    two.will(took());
    await step();
    pass(500);
    expect((await step()).state).toMatchObject({ service: 'https://one.example' });
    pass(1);
    const passed = await step();
    expect(passed.state).toMatchObject({ kind: 'sent', service: 'https://two.example' });
    const broken = (it: DeviceClaim) => brokenReceipts(it, now.chainSecs!).map((kept) => kept.receipt);
    expect(broken(passed)).toEqual([receipt(1_500)]);
    const paid = afterReading(passed, { payments: [payment], newestBlock: 51, confirmations: 12, sources: [RPC] });
    expect(broken(paid)).toEqual([]);
    // What the chain says counts more than what is guessed by the clock.
    const note = async (kind: 'excused' | 'late') => {
      const verdict = kind === 'late' ? { kind } : { kind, cause: 'paused' as const };
      const { signature } = receipt(1_500);
      const judgements = new Map([[signature, { verdict } as Judgement]]);
      return (await queue.note(REQUEST.nullifierHash, judgements))[0] as DeviceClaim;
    };
    expect(broken(await note('excused'))).toEqual([]);
    expect(broken(await note('late'))).toEqual([receipt(1_500)]);
  });

  it('that a relay calls paid and the chain does not know goes to another relay', async () => {
    one.will(took({ receipt: receipt(1_500) }), is('final', { transactionHash: word('f') }));
    two.will(took());
    await step();
    pass(15);
    expect((await step()).state).toMatchObject({ status: 'final' });
    await queue.compare({ payments: [], newestBlock: 60, confirmations: 12, sources: [RPC] });
    pass(490);
    expect((await step()).state).toMatchObject({ service: 'https://two.example' });
  });

  it('is asked for again while its relay is away', async () => {
    one.will(took(), 'silence');
    await step();
    pass(15);
    expect((await step()).state).toMatchObject({ kind: 'sent', service: 'https://one.example' });
    expect(two.asked).toEqual([]);
  });

  it('is refused with the reason, and may be made again where a new proof helps', async () => {
    one.will(refuses(422, 'claim-proof-invalid'));
    expect((await step()).state).toEqual({
      kind: 'refused',
      reason: 'claim-proof-invalid',
      canRenew: true,
    });
    one.will(took());
    await queue.add({ ...REQUEST, recipient: address('9') }, ROOT, WINDOW_END);
    const again = await step();
    expect(again.request.recipient).toBe(address('9'));
    expect(again.state.kind).toBe('sent');
  });

  it('that is rejected later keeps the signed refusal', async () => {
    const refusal = signed(
      { ...TERMS, root: ROOT, reason: 'bad-recipient', blockNumber: 5, blockTime: 1_200 },
      FACTS.deployment,
    );
    one.will(took({ receipt: receipt() }), is('rejected', { reason: 'bad-recipient', refusal }));
    await step();
    pass(15);
    const rejected = await step();
    expect(rejected.state).toEqual({ kind: 'refused', reason: 'bad-recipient', canRenew: true });
    expect(rejected.refusals).toEqual([{ service: 'https://one.example', refusal }]);
    await queue.add(REQUEST, ROOT, WINDOW_END);
    expect((await queue.step())[0]?.receipts).toHaveLength(1);
  });

  it('that was paid already is found on the chain', async () => {
    one.will(refuses(409, 'nullifier-spent'));
    expect((await step()).state).toMatchObject({ kind: 'refused', canRenew: false });
    const seen = { payments: [payment], newestBlock: 100, confirmations: 12, sources: [RPC] };
    expect((await queue.compare(seen))[0]?.state.kind).toBe('final');
  });

  it('is missed when its window is over, by the clock of the chain alone', async () => {
    now.chainSecs = undefined;
    now.deviceMs += 10 ** 12;
    expect((await step()).state.kind).toBe('queued');
    now.chainSecs = WINDOW_END - 1;
    expect(afterTime(queuedClaim(REQUEST, ROOT, WINDOW_END), now).state.kind).toBe('queued');
    now.chainSecs = WINDOW_END;
    expect((await step()).state.kind).toBe('missed');
    expect(one.asked).toEqual([]);
  });

  it('that a reorg took away is queued again', async () => {
    const paid = afterReading(queuedClaim(REQUEST, ROOT, WINDOW_END), {
      payments: [payment],
      newestBlock: 51,
      confirmations: 12,
      sources: [RPC],
    });
    expect(paid.state.kind).toBe('paid');
    const away = afterReading(paid, { payments: [], newestBlock: 52, confirmations: 12, sources: [RPC] });
    expect(away.state).toEqual({ kind: 'queued', notBeforeMs: 0 });
  });

  it('is not sent where the answer is about another claim', async () => {
    for (const body of [
      { ...view('queued'), nullifierHash: word('b') },
      { ...view('queued'), epoch: EPOCH + 1 },
    ]) {
      one.will({ status: 202, body });
      two.will({ status: 202, body });
      const { state } = await step();
      expect(state).toMatchObject({ kind: 'queued', lastFailure: { kind: 'not-understood' } });
      pass(60);
    }
  });

  /** Tests RCPT-6. */
  it('is not sent where the receipt binds nobody, and the receipt is not kept', async () => {
    const answers = [
      receipt(1_500, { recipient: address('7') }),
      receipt(1_500, { fee: '1' }),
      receipt(1_500, { epoch: EPOCH + 1 }),
      receipt(1_500, { root: word('6') }),
      receipt(1_500, {}, OTHER_KEY),
      { ...receipt(), deadline: 1_501 },
    ];
    for (const given of answers) {
      one.will(took({ receipt: given }));
      two.will(took({ receipt: given }));
      const { state, receipts } = await step();
      expect(state).toMatchObject({ kind: 'queued', lastFailure: { kind: 'binds-nobody' } });
      expect(receipts).toEqual([]);
      pass(60);
    }
  });

  it('whose relay lies about a refusal goes to another relay', async () => {
    const refusal = signed(
      { ...TERMS, root: ROOT, reason: 'bad-recipient', blockNumber: 5, blockTime: 1_200 },
      FACTS.deployment,
      OTHER_KEY,
    );
    one.will(took({ receipt: receipt() }), is('rejected', { reason: 'bad-recipient', refusal }));
    two.will(took());
    await step();
    pass(15);
    expect((await step()).state).toMatchObject({ lastFailure: { kind: 'binds-nobody' } });
    const passed = await step();
    expect(passed.state).toMatchObject({ kind: 'sent', service: 'https://two.example' });
    expect([passed.receipts.length, passed.refusals.length]).toEqual([1, 0]);
  });
});

describe('epochs', () => {
  it('that are open and not claimed are offered together, the oldest first', () => {
    const claim = (epoch: number, state: DeviceClaim['state']): DeviceClaim => ({
      ...queuedClaim(REQUEST, ROOT, WINDOW_END),
      epoch,
      state,
    });
    const range = { first: 2, oldestClaimable: 4, current: 7 };
    expect(openEpochs([], range)).toEqual([4, 5, 6, 7]);
    expect(openEpochs([], { ...range, first: 6 })).toEqual([6, 7]);
    expect(openEpochs([], { ...range, first: 8 })).toEqual([]);
    const claims = [
      claim(4, { kind: 'final', transaction: word('f'), blockNumber: 1 }),
      claim(5, { kind: 'refused', reason: 'bad-recipient', canRenew: true }),
      claim(6, { kind: 'refused', reason: 'nullifier-spent', canRenew: false }),
    ];
    expect(openEpochs(claims, range)).toEqual([5, 7]);
  });
});

describe('the countdown', () => {
  it('runs by the chain and this device’s monotonic clock', () => {
    const clock = { chainTime: 5_000, readAtMs: 70_000 };
    expect(chainNow(clock, 70_000)).toBe(5_000);
    expect(chainNow(clock, 72_999)).toBe(5_002);
    expect(chainNow(clock, 60_000)).toBe(5_000);
  });

  it('is told in days, hours, minutes and seconds', () => {
    expect(partsOf(90_061)).toEqual({ days: 1, hours: 1, minutes: 1, seconds: 1 });
    expect(partsOf(86_399)).toEqual({ days: 0, hours: 23, minutes: 59, seconds: 59 });
    expect(partsOf(-5)).toEqual({ days: 0, hours: 0, minutes: 0, seconds: 0 });
  });
});

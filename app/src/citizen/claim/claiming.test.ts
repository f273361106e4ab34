import { describe, expect, it } from 'vitest';

import type { InclusionPath, PathOutcome } from '../../tree/tree.ts';
import { WalletRefusal } from '../../wallet/index.ts';
import type { ClaimToProve } from '../ports.ts';
import type { Judgement } from '../receipt/judgement.ts';
import { address, CHAIN, endpoint, FACTS, word } from '../testing/fakes.ts';
import { queuedClaim, type DeviceClaim } from './claim.ts';
import { makeClaim, makeClaims, type Claiming, type ClaimingContext } from './claiming.ts';
import { keepRunning, oldestUnsettled, QueueRunner, READ_EVERY_MS } from './runner.ts';

const ME = word('7');
const PATH: InclusionPath = { leafIndex: 11, siblings: Array(30).fill(word('0')), root: word('5') };

/** Surroundings in which everything goes well, and what was asked of them. */
function surroundings(more: Partial<ClaimingContext> = {}) {
  const proved: ClaimToProve[] = [];
  const searched: unknown[] = [];
  const queued: unknown[] = [];
  const context: ClaimingContext = {
    facts: FACTS,
    services: [],
    endpoints: [endpoint()],
    wallet: {
      commitment: async () => ME,
      receiveAddress: async (epoch) => address(String(epoch)),
      proveClaim: async (claim, onStep) => {
        proved.push(claim);
        onStep('loading', 100, 300);
        onStep('proving', 1, 2);
        return { nullifierHash: word('a'), proof: Array(8).fill(word('1')) };
      },
    },
    findPath: async (_, epoch, members, commitment, leaf, onProgress) => {
      searched.push([epoch, members, commitment, leaf]);
      onProgress?.(2);
      return { kind: 'found', path: PATH };
    },
    enqueue: async (request, root, windowEnd) => {
      queued.push([request, root, windowEnd]);
      return queuedClaim(request, root, windowEnd);
    },
    knownLeaf: 11,
    nowSecs: () => 1_800,
    ownAddress: undefined,
    ...more,
  };
  const states: Claiming[] = [];
  return { context, proved, searched, queued, states, onState: (it: Claiming) => states.push(it) };
}

const finding = (outcome: PathOutcome) => ({ findPath: async () => outcome });

describe('a claim', () => {
  it('is found, held against the chain, proved and queued, with its true steps', async () => {
    const { context, proved, searched, queued, states, onState } = surroundings();
    const outcome = await makeClaim(context, 7, onState);
    expect(outcome).toMatchObject({ kind: 'queued', evidence: { kind: 'checked' } });
    expect(searched).toEqual([[7, 12, ME, 11]]);
    const payment = { epoch: 7, recipient: address('7'), feeRecipient: address('0'), fee: '0' };
    expect(proved).toEqual([{ ...payment, path: PATH }]);
    const request = { ...payment, nullifierHash: word('a'), proof: Array(8).fill(word('1')) };
    expect(queued).toEqual([[request, word('5'), 2_100]]);
    expect(states).toEqual([
      { kind: 'finding', epoch: 7, tiles: 0 },
      { kind: 'finding', epoch: 7, tiles: 2 },
      { kind: 'proving', epoch: 7, done: 0, total: 1 },
      { kind: 'loading', epoch: 7, done: 100, total: 300 },
      { kind: 'proving', epoch: 7, done: 1, total: 2 },
    ]);
  });

  it('goes to the address that the person entered', async () => {
    const { context, proved, onState } = surroundings({ ownAddress: address('c') });
    await makeClaim(context, 7, onState);
    expect(proved[0]?.recipient).toBe(address('c'));
  });

  it('is proved against no other root than the chain’s', async () => {
    const other = { ...PATH, root: word('4') };
    const { context, proved, queued, states, onState } = surroundings(
      finding({ kind: 'found', path: other }),
    );
    expect(await makeClaim(context, 7, onState)).toEqual({
      kind: 'stopped',
      stop: { kind: 'other-root' },
    });
    expect(states.at(-1)).toMatchObject({ kind: 'stopped' });
    expect([proved, queued]).toEqual([[], []]);
  });

  it('stops where the endpoints that were named do not agree or answer', async () => {
    const liar = endpoint({ ...CHAIN, root: word('4') }, 'liar');
    const elsewhere = endpoint({ ...CHAIN, chainId: 1 });
    for (const [endpoints, why] of [
      [[endpoint(), liar], 'disagreement'],
      [[elsewhere], 'no-answer'],
    ] as const) {
      const { context, searched, proved, onState } = surroundings({ endpoints });
      expect(await makeClaim(context, 7, onState)).toEqual({
        kind: 'stopped',
        stop: { kind: 'chain', why },
      });
      expect([searched, proved]).toEqual([[], []]);
    }
  });

  // Tests IDENT-8.
  it('is not made at all where no endpoint shows the chain’s root', async () => {
    const { context, searched, proved, states, onState } = surroundings({ endpoints: [] });
    const stop = { kind: 'chain', why: 'no-endpoint' };
    expect(await makeClaim(context, 7, onState)).toEqual({ kind: 'stopped', stop });
    expect(states.at(-1)).toEqual({ kind: 'stopped', epoch: 7, stop });
    expect([searched, proved]).toEqual([[], []]);
  });

  it('stops for what the tree, a service or the wallet says', async () => {
    const unreachable = { kind: 'unreachable' } as const;
    const outcomes: [PathOutcome, object][] = [
      [{ kind: 'absent' }, { kind: 'not-in-the-list' }],
      [{ kind: 'too-few-leaves' }, { kind: 'too-few-leaves' }],
      [{ kind: 'failure', failure: unreachable }, { kind: 'service', failure: unreachable }],
    ];
    for (const [found, stop] of outcomes) {
      const { context, proved, onState } = surroundings(finding(found));
      expect(await makeClaim(context, 7, onState)).toEqual({ kind: 'stopped', stop });
      expect(proved).toEqual([]);
    }
    const { context, onState } = surroundings();
    const locked = async () => {
      throw new WalletRefusal({ code: 'locked' });
    };
    const refusing = { ...context, wallet: { ...context.wallet, proveClaim: locked } };
    expect(await makeClaim(refusing, 7, onState)).toMatchObject({ stop: { code: 'locked' } });
    const short = { nullifierHash: word('a'), proof: [word('1')] };
    const strange = { ...context, wallet: { ...context.wallet, proveClaim: async () => short } };
    expect(await makeClaim(strange, 7, onState)).toMatchObject({ stop: { code: 'internal' } });
  });
});

describe('claims of several epochs', () => {
  const run = async (outcomes: Record<number, PathOutcome>) => {
    const { context, states, onState } = surroundings();
    const told: [number, string][] = [];
    const findPath = async (_: unknown, epoch: number) =>
      outcomes[epoch] ?? ({ kind: 'found', path: PATH } as const);
    await makeClaims({ ...context, findPath }, [5, 6, 7], onState, async (epoch, outcome) => {
      told.push([epoch, outcome.kind === 'queued' ? 'queued' : outcome.stop.kind]);
    });
    return { told, last: states.at(-1)?.kind };
  };

  it('are made together, and those before the person joined are skipped', async () => {
    expect(await run({})).toEqual({
      told: [
        [5, 'queued'],
        [6, 'queued'],
        [7, 'queued'],
      ],
      last: 'idle',
    });
    expect(await run({ 5: { kind: 'absent' } })).toMatchObject({
      told: [
        [5, 'not-in-the-list'],
        [6, 'queued'],
        [7, 'queued'],
      ],
      last: 'idle',
    });
    expect(await run({ 7: { kind: 'absent' } })).toMatchObject({ last: 'stopped' });
  });

  it('stop for what would stop the next as well', async () => {
    expect(await run({ 6: { kind: 'too-few-leaves' } })).toEqual({
      told: [
        [5, 'queued'],
        [6, 'too-few-leaves'],
      ],
      last: 'stopped',
    });
  });
});

describe('the runner of the queue', () => {
  const claim = (epoch: number, state: DeviceClaim['state']): DeviceClaim => ({
    ...queuedClaim(
      {
        epoch,
        nullifierHash: word('a'),
        recipient: address('2'),
        feeRecipient: address('0'),
        fee: '0',
        proof: Array(8).fill(word('1')) as DeviceClaim['request']['proof'],
      },
      word('5'),
      2_000,
    ),
    state,
  });
  const QUEUED = { kind: 'queued', notBeforeMs: 0 } as const;
  const FINAL = { kind: 'final', transaction: word('f'), blockNumber: 1 } as const;

  function runner(claims: DeviceClaim[]) {
    const done: string[] = [];
    const clock = { ms: 1_000_000 };
    const queue = {
      all: async () => claims,
      step: async ({ isReconnected = false } = {}) => {
        done.push(isReconnected ? 'step anew' : 'step');
        return claims;
      },
      compare: async () => {
        done.push('compare');
        return claims;
      },
      note: async (nullifierHash: string, judgements: ReadonlyMap<string, Judgement>) => {
        done.push(`note ${nullifierHash.slice(0, 3)} ${[...judgements.keys()]}`);
        return claims;
      },
    };
    const made = new QueueRunner({
      queue,
      prepare: async () => void done.push('prepare'),
      readPayments: async (epoch) => {
        done.push(`read ${epoch}`);
        return { payments: [], newestBlock: 1, confirmations: 12, sources: [] };
      },
      judge: async (_, { signature }) => {
        done.push(`judge ${signature}`);
        return signature === 'none' ? undefined : ({} as Judgement);
      },
      onClaims: () => undefined,
      nowMs: () => clock.ms,
      chainSecs: () => 1_500,
    });
    return { made, done, clock };
  }

  it('prepares, sends, and compares with the payments, not too often', async () => {
    const { made, done, clock } = runner([claim(4, QUEUED), claim(3, FINAL)]);
    await made.run();
    expect(done).toEqual(['prepare', 'step', 'read 4', 'compare']);
    await made.run();
    expect(done.slice(4)).toEqual(['prepare', 'step']);
    clock.ms += READ_EVERY_MS;
    await made.run();
    expect(done.slice(6)).toEqual(['prepare', 'step', 'read 4', 'compare']);
    made.readSoon();
    await made.run();
    expect(done.slice(10)).toContain('compare');
  });

  it('reads the payments at once when a relay says that a claim is paid', async () => {
    const told = (status: 'submitted' | 'mined') =>
      claim(4, { kind: 'sent', service: 'https://one.example', status, notBeforeMs: 0 });
    const { made, done } = runner([told('mined')]);
    await made.run();
    await made.run();
    expect(done.filter((it) => it === 'compare')).toHaveLength(2);
    const waiting = runner([told('submitted')]);
    await waiting.made.run();
    await waiting.made.run();
    expect(waiting.done.filter((it) => it === 'compare')).toHaveLength(1);
  });

  it('holds a receipt against the chain when its deadline has passed', async () => {
    const kept = (deadline: number, signature: string) => ({
      service: 'https://one.example',
      receipt: { deadline, signature } as DeviceClaim['receipts'][number]['receipt'],
    });
    const receipts = [kept(1_499, 'due'), kept(1_500, 'early'), kept(1_400, 'none')];
    const { made, done } = runner([{ ...claim(4, { kind: 'missed' }), receipts }]);
    await made.run();
    expect(done.slice(-3)).toEqual(['judge due', 'judge none', 'note 0xa due']);
  });

  it('asks nothing of anybody while nothing is open', async () => {
    const { made, done } = runner([claim(3, FINAL), claim(4, { kind: 'missed' })]);
    await made.run();
    expect(done).toEqual([]);
  });

  it('runs once at a time, and once more when it was called meanwhile', async () => {
    const { made, done } = runner([claim(4, QUEUED)]);
    await Promise.all([made.run(), made.run(), made.run()]);
    expect(done.filter((it) => it === 'step')).toHaveLength(2);
  });

  it('tries once what reached no relay when the network is back', async () => {
    const { made, done } = runner([claim(4, QUEUED)]);
    const listeners = new Map<string, () => void>();
    const page = {
      setInterval: () => 1,
      addEventListener: (name: string, listener: () => void) => listeners.set(name, listener),
    } as unknown as Window;
    keepRunning(made, page);
    listeners.get('online')?.();
    await made.run();
    await made.run();
    expect(done.filter((it) => it.startsWith('step')).slice(0, 3)).toEqual(['step anew', 'step', 'step']);
  });

  it('looks back to the oldest claim that a block can still change', () => {
    const refused = { kind: 'refused', reason: 'nullifier-spent', canRenew: false } as const;
    expect(oldestUnsettled([claim(5, QUEUED), claim(4, refused)], 1_500)).toBe(4);
    expect(oldestUnsettled([claim(5, QUEUED), claim(4, refused)], 2_000)).toBe(5);
    expect(oldestUnsettled([claim(4, refused)], undefined)).toBe(4);
    expect(oldestUnsettled([claim(3, FINAL)], 1_500)).toBeUndefined();
  });
});

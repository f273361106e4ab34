import { describe, expect, it } from 'vitest';

import { CHAIN, endpoint, FACTS, service, word } from '../testing/fakes.ts';
import { readPresent } from './present.ts';

const EPOCH = {
  epoch: 7,
  chainTime: 1_740,
  startsAt: 1_700,
  endsAt: 1_800,
  oldestClaimable: 4,
  memberCount: 11,
  claimed: 0,
  root: word('5'),
  amount: '69',
};
const telling = (more: object = {}) =>
  service('a', { '/v1/epochs/current': () => ({ body: { ...EPOCH, ...more } }) });
const at = () => 5;

describe('the present', () => {
  it('is what the chain shows, whatever a service tells', async () => {
    const outcome = await readPresent(FACTS, [telling()], [endpoint()], at);
    expect(outcome).toEqual({
      kind: 'present',
      present: {
        facts: {
          epoch: 7,
          startsAt: 1_700,
          endsAt: 1_800,
          oldestClaimable: 4,
          memberCount: 12,
          root: word('5'),
          amount: 70n,
        },
        clock: { chainTime: 1_750, readAtMs: 5 },
        evidence: { kind: 'checked', blockNumber: 75, sources: ['https://rpc.example/'] },
        isServiceWrong: false,
        calendar: FACTS.calendar,
      },
    });
  });

  it('has no amount before the epoch is open', async () => {
    const closed = endpoint({ ...CHAIN, isOpened: false });
    const outcome = await readPresent(FACTS, [telling()], [closed], at);
    expect(outcome).toMatchObject({ present: { facts: { amount: undefined } } });
  });

  it('is told by the service where no endpoint is named, and says so', async () => {
    expect(await readPresent(FACTS, [telling()], [], at)).toMatchObject({
      kind: 'present',
      present: {
        facts: { memberCount: 11, amount: 69n },
        evidence: { kind: 'not-checked', why: 'no-endpoint' },
      },
    });
  });

  it('shows a service that tells another root for the same epoch', async () => {
    const wrong = await readPresent(FACTS, [telling({ root: word('4') })], [endpoint()], at);
    expect(wrong).toMatchObject({ present: { isServiceWrong: true, facts: { root: word('5') } } });
    const earlier = telling({ root: word('4'), epoch: 6 });
    expect(await readPresent(FACTS, [earlier], [endpoint()], at)).toMatchObject({
      present: { isServiceWrong: false },
    });
  });

  it('is believed from no endpoint of another chain', async () => {
    const other = endpoint({ ...CHAIN, chainId: 1 });
    expect(await readPresent(FACTS, [telling()], [other], at)).toMatchObject({
      present: { evidence: { kind: 'not-checked', why: 'no-answer' } },
    });
  });

  it('is believed from no two endpoints that differ', async () => {
    const two = [endpoint(), endpoint({ ...CHAIN, root: word('4') }, 'liar')];
    expect(await readPresent(FACTS, [telling()], two, at)).toMatchObject({
      present: { evidence: { kind: 'not-checked', why: 'disagreement' } },
    });
  });

  it('may lie before genesis, or be unknown', async () => {
    const early = endpoint({ ...CHAIN, genesis: 2_000 });
    expect(await readPresent(FACTS, [telling()], [early], at)).toMatchObject({
      kind: 'before-genesis',
      secsLeft: 250,
    });
    expect(await readPresent(FACTS, [service('a', {})], [], at)).toEqual({
      kind: 'failure',
      failure: { kind: 'unreachable' },
    });
  });
});

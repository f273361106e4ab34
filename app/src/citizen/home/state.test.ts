import { describe, expect, it } from 'vitest';

import { queuedClaim, type DeviceClaim } from '../claim/claim.ts';
import {
  afterAbsence,
  afterEndedVisit,
  afterJoining,
  afterRefusal,
  afterShowing,
  afterWaiting,
  firstPossibleEpoch,
  MAX_NONCES,
  newMembership,
  readMembership,
  standingOf,
  type Membership,
} from '../membership/membership.ts';
import type { PresentOutcome } from '../present/present.ts';
import { address, FACTS, word } from '../testing/fakes.ts';
import { homeState, type HomeInput } from './state.ts';

const ME = word('7');
const present = (time: number): PresentOutcome => {
  const epoch = Math.floor((time - 1_000) / 100);
  return {
    kind: 'present',
    present: {
      facts: {
        epoch,
        startsAt: 1_000 + 100 * epoch,
        endsAt: 1_100 + 100 * epoch,
        oldestClaimable: Math.max(0, epoch - 3),
        memberCount: 12,
        root: word('5'),
        amount: undefined,
      },
      clock: { chainTime: time, readAtMs: 0 },
      evidence: { kind: 'not-checked', why: 'no-endpoint' },
      isServiceWrong: false,
    },
  };
};
const claim = (epoch: number): DeviceClaim =>
  queuedClaim(
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
  );
const home = (membership: Membership | undefined, time: number, more: Partial<HomeInput> = {}) =>
  homeState({
    facts: FACTS,
    survey: { facts: FACTS, standings: new Map(), recommended: [] },
    membership,
    present: present(time),
    claims: [],
    chainSecs: time,
    ...more,
  });

describe('the home page', () => {
  it('waits for the services, and says when none can be used', () => {
    const nothing = { facts: undefined, survey: undefined };
    expect(home(undefined, 1_750, nothing)).toEqual({ kind: 'connecting' });
    const survey = { facts: undefined, standings: new Map(), recommended: [] };
    expect(home(undefined, 1_750, { facts: undefined, survey })).toEqual({ kind: 'no-service' });
    expect(home(undefined, 1_750)).toEqual({ kind: 'connecting' });
  });

  it('goes from the visit to the first payment by the time of the chain', () => {
    let me = newMembership(ME);
    expect(home(me, 1_710)).toEqual({ kind: 'not-joined' });
    me = afterShowing(me, word('a'), 1_710);
    expect(home(me, 1_715)).toEqual({ kind: 'not-joined' });
    me = afterWaiting(me, word('a'), 1_720);
    expect(home(me, 1_725)).toEqual({ kind: 'joining' });
    me = afterJoining(me, 11);
    expect(home(me, 1_740)).toEqual({ kind: 'waiting', startsAt: 1_800, secsLeft: 60 });
    expect(home(me, 1_799)).toMatchObject({ secsLeft: 1 });
    expect(home(me, 1_800)).toMatchObject({ kind: 'member', open: [8] });
  });

  it('waits one epoch longer for somebody who joined after the epoch had changed', () => {
    let me = afterWaiting(newMembership(ME), word('a'), 1_790);
    me = afterJoining(me, 11);
    // The list of epoch 8 was asked, and does not have the person yet.
    me = afterAbsence(me, 8);
    expect(home(me, 1_820)).toEqual({ kind: 'waiting', startsAt: 1_900, secsLeft: 80 });
  });

  it('offers the missed epochs that are open, without those of other lists', () => {
    let me = afterWaiting(newMembership(ME), word('a'), 1_250);
    me = afterJoining(me, 11);
    expect(home(me, 1_650)).toMatchObject({ open: [3, 4, 5, 6] });
    me = afterAbsence(afterAbsence(me, 3), 3);
    expect(me.absentFrom).toEqual([3]);
    expect(home(me, 1_650)).toMatchObject({ open: [4, 5, 6] });
    expect(home(me, 1_650, { claims: [claim(5)] })).toMatchObject({ open: [4, 6] });
    const all = [4, 5, 6].map(claim);
    expect(home(me, 1_650, { claims: all })).toMatchObject({ kind: 'member', open: [] });
  });

  it('shows the claims of a device though the first payment has not opened', () => {
    const me = afterJoining(afterWaiting(newMembership(ME), word('a'), 1_720), 11);
    expect(home(me, 1_740, { claims: [claim(5)] })).toMatchObject({ kind: 'member', open: [] });
  });

  it('of somebody who came back by the card offers what the lists have to decide', () => {
    const me = afterJoining(newMembership(ME), 11);
    expect(home(me, 1_750)).toMatchObject({ kind: 'member', open: [4, 5, 6, 7] });
  });

  it('of a member stays while nobody tells the time', () => {
    const me = afterJoining(newMembership(ME), 11);
    const failure = { kind: 'unreachable' } as const;
    const away: PresentOutcome = { kind: 'failure', failure };
    expect(home(me, 1_750, { present: away })).toEqual({ kind: 'no-present', failure });
    expect(home(me, 1_750, { present: undefined })).toEqual({ kind: 'connecting' });
    const early: PresentOutcome = {
      kind: 'before-genesis',
      secsLeft: 9,
      evidence: { kind: 'not-checked', why: 'no-endpoint' },
      calendar: FACTS.calendar,
    };
    expect(home(me, 991, { present: early })).toEqual({
      kind: 'waiting',
      startsAt: 1_000,
      secsLeft: 9,
    });
  });
});

describe('a membership', () => {
  it('is of one commitment, and nothing is taken over by another', () => {
    const me = afterJoining(newMembership(ME), 11);
    expect(readMembership(structuredClone(me), ME)).toEqual(me);
    expect(readMembership(me, word('8'))).toEqual(newMembership(word('8')));
    for (const stored of [undefined, null, 5, { commitment: ME }]) {
      expect(readMembership(stored, ME)).toEqual(newMembership(ME));
    }
  });

  it('keeps a bounded number of codes', () => {
    let me = newMembership(ME);
    for (let code = 0; code < 3 * MAX_NONCES; code += 1) me = afterShowing(me, `${code}`, 1_100);
    expect(me.nonces).toHaveLength(MAX_NONCES);
    expect(me.nonces.at(-1)).toBe(`${3 * MAX_NONCES - 1}`);
  });

  it('begins again after a visit that came to nothing', () => {
    const seen = afterWaiting(afterShowing(newMembership(ME), word('a'), 1_100), word('a'), 1_100);
    expect(standingOf(seen)).toBe('joining');
    expect(standingOf(afterRefusal(seen))).toBe('unknown');
    expect(afterRefusal(seen).nonces).toEqual([word('a')]);
    expect(afterEndedVisit(seen).nonces).toEqual([]);
    expect(firstPossibleEpoch(afterEndedVisit(seen), FACTS.calendar)).toBe(2);
    expect(firstPossibleEpoch(newMembership(ME), FACTS.calendar)).toBe(0);
  });
});

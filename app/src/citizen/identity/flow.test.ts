import { describe, expect, it } from 'vitest';

import type { Proof, WalletStatus } from '../../wallet/index.ts';
import {
  before,
  canRestoreAfter,
  flowOf,
  transition,
  type Effect,
  type Flow,
  type FlowEvent,
  type Task,
} from './flow.ts';

const PIN = '271828';
const PROOF: Proof = { kind: 'pin', pin: PIN };
const LOCKED: WalletStatus = {
  kind: 'locked',
  canUsePin: true,
  isCardChecked: false,
  waitSecs: 0,
};

/** Follows events from a state, and returns the last state with all effects on the way. */
function follow(start: Flow, ...events: FlowEvent[]): { flow: Flow; effects: Effect[] } {
  const effects: Effect[] = [];
  let flow = start;
  for (const event of events) {
    const next = transition(flow, event);
    flow = next.flow;
    if (next.effect) effects.push(next.effect);
  }
  return { flow, effects };
}

describe('making an identity', () => {
  const chosen: FlowEvent[] = [
    { kind: 'begin' },
    { kind: 'pin-chosen', pin: PIN },
    { kind: 'pin-repeated', pin: PIN },
  ];

  it('goes from welcome by PIN, passkey and card to the inside', () => {
    const { flow, effects } = follow(
      { kind: 'welcome' },
      ...chosen,
      { kind: 'step', report: { step: 'storing', done: 2, total: 3 } },
      { kind: 'kept', canUsePasskey: true },
      { kind: 'want-passkey' },
      { kind: 'passkey-made' },
      { kind: 'show-card' },
      { kind: 'card-shown', card: { words: ['one', 'two'] } },
      { kind: 'card-written' },
      { kind: 'card-asked', positions: [1, 2, 3] },
      { kind: 'card-answered', words: ['a', 'b', 'c'] },
      { kind: 'card-compared', wrong: [] },
    );
    expect(flow).toEqual({ kind: 'inside' });
    expect(effects).toEqual([
      { kind: 'create', pin: PIN },
      { kind: 'make-passkey', proof: PROOF },
      { kind: 'show-card', proof: PROOF },
      { kind: 'ask-card' },
      { kind: 'answer-card', words: ['a', 'b', 'c'] },
    ]);
  });

  it('offers no passkey where there is none, and leaves the card for later', () => {
    const offered = follow({ kind: 'welcome' }, ...chosen, { kind: 'kept', canUsePasskey: false });
    expect(offered.flow).toEqual({ kind: 'card-offer', proof: PROOF });
    expect(follow(offered.flow, { kind: 'later' }).flow).toEqual({ kind: 'inside' });
  });

  it('stays with a PIN until it is good, and is written twice', () => {
    const { flow } = follow({ kind: 'welcome' }, { kind: 'begin' }, { kind: 'pin-chosen', pin: '1' });
    expect(flow).toMatchObject({ kind: 'pin', problem: 'too-short' });
    const different = follow(
      flow,
      { kind: 'pin-chosen', pin: PIN },
      { kind: 'pin-repeated', pin: '314159' },
    );
    expect(different.flow).toMatchObject({ kind: 'repeat-pin', isDifferent: true });
    expect(different.effects).toEqual([]);
    expect(before(different.flow)).toEqual({ kind: 'pin', origin: { kind: 'new' } });
  });

  it('goes on with the PIN when the passkey is not made', () => {
    const offer: Flow = { kind: 'passkey-offer', proof: PROOF, next: 'card-offer' };
    const { flow } = follow(offer, { kind: 'passkey-failed', problem: 'not-done' });
    expect(flow).toEqual({ ...offer, problem: 'not-done' });
    expect(follow(flow, { kind: 'later' }).flow).toEqual({ kind: 'card-offer', proof: PROOF });
  });

  it('asks for the wrong words of a card again', () => {
    const check: Flow = { kind: 'card-check', positions: [1, 5, 9], wrong: [] };
    const { flow } = follow(check, { kind: 'card-compared', wrong: [5] });
    expect(flow).toEqual({ ...check, wrong: [5] });
  });
});

describe('restoring from a card', () => {
  it('goes from the words by a PIN to the inside, and needs no other card', () => {
    const { flow, effects } = follow(
      { kind: 'welcome' },
      { kind: 'have-card' },
      { kind: 'card-given', card: 'one two' },
      { kind: 'card-read', card: 'one two' },
      { kind: 'pin-chosen', pin: PIN },
      { kind: 'pin-repeated', pin: PIN },
      { kind: 'kept', canUsePasskey: false },
    );
    expect(flow).toEqual({ kind: 'inside' });
    expect(effects).toEqual([
      { kind: 'read-card', card: 'one two' },
      { kind: 'restore', card: 'one two', pin: PIN },
    ]);
  });

  it('stays with words that are wrong', () => {
    const problem = { kind: 'count', count: 3 } as const;
    const { flow } = follow({ kind: 'words' }, { kind: 'card-read', card: 'a b c', problem });
    expect(flow).toEqual({ kind: 'words', problem });
  });

  it('is a way on where nothing else opens the identity', () => {
    for (const code of ['device-key-lost', 'damaged', 'absent'] as const) {
      const failed: Flow = { kind: 'failed', failure: { code } };
      expect(follow(failed, { kind: 'have-card' }).flow).toEqual({ kind: 'words' });
    }
    expect(canRestoreAfter({ code: 'other-version' })).toBe(false);
    expect(canRestoreAfter({ code: 'storage-failed' })).toBe(false);
  });
});

describe('a copy to another phone', () => {
  it('is received, and kept under a PIN of this phone', () => {
    const { flow, effects } = follow(
      { kind: 'welcome' },
      { kind: 'have-phone' },
      { kind: 'copy', event: { kind: 'asked', code: 'one' } },
      { kind: 'copy', event: { kind: 'next' } },
      { kind: 'copy', event: { kind: 'scanned', code: 'two' } },
      { kind: 'copy', event: { kind: 'answered', code: 'three', digits: '123456' } },
      { kind: 'copy', event: { kind: 'next' } },
      { kind: 'copy', event: { kind: 'scanned', code: 'four' } },
      { kind: 'copy-received' },
      { kind: 'pin-chosen', pin: PIN },
      { kind: 'pin-repeated', pin: PIN },
      { kind: 'kept', canUsePasskey: false },
    );
    expect(flow).toEqual({ kind: 'inside' });
    expect(effects).toEqual([
      { kind: 'ask-copy' },
      { kind: 'answer-copy', code: 'two' },
      { kind: 'receive-copy', code: 'four' },
      { kind: 'keep-copy', pin: PIN },
    ]);
  });

  // Tests IDENT-12: the digits and then the PIN come before the secret.
  it('is given after the digits were compared and the PIN was written', () => {
    const compared: Flow = { kind: 'copy', copy: { kind: 'compare', digits: '123456' } };
    const { flow, effects } = follow(
      compared,
      { kind: 'digits-are-same' },
      { kind: 'proof', proof: PROOF },
      { kind: 'failure', failure: { code: 'wrong-pin', failed: 1, waitSecs: 0 } },
      { kind: 'proof', proof: PROOF },
      { kind: 'copy-sealed', code: 'four' },
    );
    expect(flow).toEqual({ kind: 'copy', copy: { kind: 'sealed', code: 'four' } });
    const seal = { kind: 'seal-copy', proof: PROOF };
    expect(effects).toEqual([seal, seal]);
    for (const kind of ['intent', 'scan-answer'] as const) {
      const early: Flow = { kind: 'copy', copy: { kind } };
      const skipped = follow(early, { kind: 'digits-are-same' }, { kind: 'copy-sealed', code: 'x' });
      expect(skipped).toEqual({ flow: early, effects: [] });
    }
  });

  it('leads back to where it began, and ends with a code of another copy', () => {
    expect(before({ kind: 'copy', copy: { kind: 'scan-key' } })).toEqual({ kind: 'welcome' });
    expect(before({ kind: 'copy', copy: { kind: 'key', code: 'x' } })).toEqual({ kind: 'inside' });
    const scan: Flow = { kind: 'copy', copy: { kind: 'scan-secret' } };
    const refused = (problem: 'mismatch' | 'damaged') =>
      follow(scan, { kind: 'failure', failure: { code: 'copy-refused', problem } }).flow;
    expect(refused('damaged')).toEqual({ kind: 'copy', copy: { kind: 'scan-secret', problem: 'damaged' } });
    expect(refused('mismatch')).toMatchObject({ copy: { kind: 'different', isNewPhone: true } });
  });
});

describe('opening', () => {
  it('says that it is gone where it was open before, and begins where there was none', () => {
    const looked: FlowEvent = { kind: 'status', status: { kind: 'absent' } };
    expect(transition({ kind: 'inside' }, looked).flow).toEqual({
      kind: 'failed',
      failure: { code: 'absent' },
    });
    for (const kind of ['starting', 'welcome'] as const) {
      expect(transition({ kind }, looked).flow).toEqual({ kind: 'welcome' });
    }
  });

  it('begins with what is on the device', () => {
    expect(flowOf({ kind: 'absent' })).toEqual({ kind: 'welcome' });
    expect(flowOf(LOCKED)).toEqual({ kind: 'confirm', task: 'unlock' });
    expect(flowOf({ ...LOCKED, kind: 'unlocked' })).toEqual({ kind: 'inside' });
    expect(flowOf({ ...LOCKED, waitSecs: 30 })).toMatchObject({
      problem: { kind: 'must-wait', waitSecs: 30 },
    });
    expect(flowOf({ ...LOCKED, canUsePin: false })).toMatchObject({
      kind: 'failed',
      failure: { code: 'device-key-lost' },
    });
    const passkey = { credentialId: new Uint8Array(1), prfInput: new Uint8Array(32) };
    expect(flowOf({ ...LOCKED, canUsePin: false, passkey })).toEqual({
      kind: 'confirm',
      task: 'unlock',
    });
    expect(flowOf({ kind: 'unreadable', reason: 'other-version' })).toMatchObject({
      kind: 'failed',
    });
  });

  it('asks again after a wrong proof, for the same task', () => {
    for (const task of ['unlock', 'show-card', 'change-pin', 'remove-passkey'] as const) {
      const { flow } = follow(
        { kind: 'confirm', task },
        { kind: 'failure', failure: { code: 'wrong-pin', failed: 4, waitSecs: 30 } },
      );
      expect(flow).toEqual({ kind: 'confirm', task, problem: { kind: 'wrong-pin', waitSecs: 30 } });
    }
    const working: Flow = { kind: 'working', origin: { kind: 'change', proof: PROOF }, pin: PIN };
    expect(
      follow(working, { kind: 'failure', failure: { code: 'must-wait', waitSecs: 9 } }).flow,
    ).toMatchObject({ kind: 'confirm', task: 'change-pin' });
  });

  it('has no way back, and other tasks have one', () => {
    expect(before({ kind: 'confirm', task: 'unlock' })).toEqual({ kind: 'confirm', task: 'unlock' });
    expect(before({ kind: 'confirm', task: 'show-card' })).toEqual({ kind: 'inside' });
  });

  it('is asked for again when the identity has locked itself', () => {
    const check: Flow = { kind: 'card-check', positions: [1], wrong: [] };
    const { flow } = follow(check, { kind: 'failure', failure: { code: 'locked' } });
    expect(flow).toEqual({ kind: 'confirm', task: 'unlock' });
  });
});

describe('tasks', () => {
  const inside: Flow = { kind: 'inside' };

  it('take the passkey as they take the PIN, every one of them', () => {
    const byPasskey: Proof = { kind: 'passkey', prfOutput: new Uint8Array(32) };
    const tasks: Record<Task, true> = {
      unlock: true,
      'show-card': true,
      'change-pin': true,
      'add-passkey': true,
      'remove-passkey': true,
      'give-copy': true,
    };
    for (const task of Object.keys(tasks) as Task[]) {
      const after = (proof: Proof) => {
        const { flow, effects } = follow({ kind: 'confirm', task }, { kind: 'proof', proof });
        return JSON.stringify([flow, effects]);
      };
      const text = JSON.stringify(byPasskey);
      expect(after(byPasskey), task).toContain(text);
      expect(after(byPasskey)).toBe(after(PROOF).replaceAll(JSON.stringify(PROOF), text));
    }
  });

  it('ask for a proof first', () => {
    const shown = follow(
      inside,
      { kind: 'task', task: 'show-card' },
      { kind: 'proof', proof: PROOF },
      { kind: 'card-shown', card: { words: ['one'] } },
    );
    expect(shown.flow).toEqual({ kind: 'card', card: { words: ['one'] } });
    expect(shown.effects).toEqual([{ kind: 'show-card', proof: PROOF }]);
    const removed = follow(
      inside,
      { kind: 'task', task: 'remove-passkey' },
      { kind: 'proof', proof: PROOF },
      { kind: 'task-done' },
    );
    expect(removed.flow).toEqual(inside);
    const changed = follow(
      inside,
      { kind: 'task', task: 'change-pin' },
      { kind: 'proof', proof: PROOF },
      { kind: 'pin-chosen', pin: '314159' },
      { kind: 'pin-repeated', pin: '314159' },
      { kind: 'kept', canUsePasskey: true },
    );
    expect(changed.flow).toEqual(inside);
    expect(changed.effects).toEqual([{ kind: 'set-pin', proof: PROOF, pin: '314159' }]);
  });

  it('of a passkey lead back to the inside, made or not', () => {
    const offer = follow(
      inside,
      { kind: 'task', task: 'add-passkey' },
      { kind: 'proof', proof: PROOF },
    );
    expect(offer.flow).toEqual({ kind: 'passkey-offer', proof: PROOF, next: 'inside' });
    for (const kind of ['passkey-made', 'later'] as const) {
      expect(follow(offer.flow, { kind }).flow).toEqual(inside);
    }
  });

  it('are begun from the inside alone', () => {
    for (const flow of [{ kind: 'welcome' }, { kind: 'starting' }, { kind: 'words' }] as Flow[]) {
      expect(follow(flow, { kind: 'task', task: 'show-card' }).flow).toEqual(flow);
      expect(follow(flow, { kind: 'proof', proof: PROOF }).effects).toEqual([]);
    }
  });

  it('that fail tell why on a page of their own', () => {
    const { flow } = follow(inside, { kind: 'failure', failure: { code: 'storage-failed' } });
    expect(flow).toEqual({ kind: 'failed', failure: { code: 'storage-failed' } });
  });
});

import { describe, expect, it } from 'vitest';

import { copyTransition, isNewPhone, type CopyEffect, type CopyEvent, type CopyState } from './copy.ts';

function follow(start: CopyState, ...events: CopyEvent[]) {
  const effects: CopyEffect[] = [];
  let state = start;
  for (const event of events) {
    const next = copyTransition(state, event);
    state = next?.state ?? state;
    if (next?.effect) effects.push(next.effect);
  }
  return { state, effects };
}

describe('a copy', () => {
  it('is received by the new phone in two scans', () => {
    const { state, effects } = follow(
      { kind: 'asking' },
      { kind: 'asked', code: 'one' },
      { kind: 'next' },
      { kind: 'scanned', code: 'two' },
      { kind: 'answered', code: 'three', digits: '012345' },
      { kind: 'next' },
      { kind: 'scanned', code: 'four' },
    );
    expect(state).toEqual({ kind: 'scan-secret' });
    expect(effects).toEqual([
      { kind: 'answer-copy', code: 'two' },
      { kind: 'receive-copy', code: 'four' },
    ]);
  });

  it('is given by the old phone in two scans, up to the comparison', () => {
    const { state, effects } = follow(
      { kind: 'intent' },
      { kind: 'next' },
      { kind: 'scanned', code: 'one' },
      { kind: 'offered', code: 'two' },
      { kind: 'next' },
      { kind: 'scanned', code: 'three' },
      { kind: 'compared', digits: '012345' },
    );
    expect(state).toEqual({ kind: 'compare', digits: '012345' });
    expect(effects).toEqual([
      { kind: 'offer-copy', code: 'one' },
      { kind: 'compare-copy', code: 'three' },
    ]);
  });

  it('ends where the digits differ or a code is of another copy, on both phones', () => {
    const compare: CopyState = { kind: 'compare', digits: '012345' };
    expect(follow(compare, { kind: 'different' }).state).toEqual({
      kind: 'different',
      isNewPhone: false,
    });
    const mismatch: CopyEvent = { kind: 'refused', problem: 'mismatch' };
    const ended = follow({ kind: 'scan-secret' }, mismatch).state;
    expect(ended).toEqual({ kind: 'different', isNewPhone: true });
    expect(isNewPhone(ended)).toBe(true);
    expect(follow(ended, { kind: 'next' }, { kind: 'scanned', code: 'x' }).effects).toEqual([]);
  });

  it('looks again after a code that cannot be read, and forgets the problem with the next', () => {
    const refused = follow({ kind: 'scan-ask' }, { kind: 'refused', problem: 'other-step' });
    expect(refused.state).toEqual({ kind: 'scan-ask', problem: 'other-step' });
    const next = follow(refused.state, { kind: 'scanned', code: 'one' });
    expect(next.state).toEqual({ kind: 'scan-ask' });
  });

  it('takes no outcome that belongs to another step', () => {
    const events: CopyEvent[] = [
      { kind: 'asked', code: 'one' },
      { kind: 'answered', code: 'three', digits: '1' },
      { kind: 'compared', digits: '1' },
      { kind: 'offered', code: 'two' },
    ];
    const awaited = {
      asking: 'asked',
      'scan-key': 'answered',
      'scan-answer': 'compared',
      'scan-ask': 'offered',
      'scan-secret': undefined,
      intent: undefined,
    } as const;
    for (const [kind, fitting] of Object.entries(awaited)) {
      const state = { kind } as CopyState;
      for (const event of events.filter((it) => it.kind !== fitting)) {
        expect(follow(state, event).state, `${kind} after ${event.kind}`).toEqual(state);
      }
    }
  });
});

import { describe, expect, it } from 'vitest';

import { address } from '../testing/fakes.ts';
import { afterSendEvent, beginSending, type SendEvent, type SendFlow } from './flow.ts';
import type { Plan } from './plan.ts';

const FACTS = { losing: [address('2')], decimals: 2 };
const TO = address('e');
const PLAN = { asset: 'token', to: TO, amount: 250n, parts: [], costWei: 1n } as unknown as Plan;
const run = (flow: SendFlow, ...events: SendEvent[]) =>
  events.reduce<SendFlow | undefined>((it, event) => it && afterSendEvent(it, event, FACTS), flow);

const WRITTEN: SendEvent = { kind: 'address-written', text: TO };
const AMOUNT: SendEvent = { kind: 'amount-written', text: '2.5' };
const PLANNED: SendEvent = { kind: 'planned', outcome: { kind: 'plan', plan: PLAN } };

describe('sending', () => {
  it('asks whom, how much, shows all of it, and signs only what was shown', () => {
    const begun = beginSending('send');
    expect(run(begun, WRITTEN)).toEqual({ kind: 'how-much', purpose: 'send', to: TO });
    expect(run(begun, WRITTEN, AMOUNT)).toEqual({
      kind: 'planning',
      purpose: 'send',
      to: TO,
      amount: 250n,
    });
    const check = run(begun, WRITTEN, AMOUNT, PLANNED);
    expect(check).toEqual({ kind: 'check', purpose: 'send', plan: PLAN });
    expect(run(check!, { kind: 'confirmed' })).toMatchObject({ kind: 'signing', plan: PLAN });
    expect(run(check!, { kind: 'confirmed' }, { kind: 'signed', id: 'x' })).toEqual({
      kind: 'sent',
      id: 'x',
    });
  });

  it('of everything asks for no amount', () => {
    expect(run(beginSending('sweep'), WRITTEN)).toEqual({
      kind: 'planning',
      purpose: 'sweep',
      to: TO,
      amount: 'all',
    });
  });

  it('of coin takes an amount in its own decimal places, or all of it', () => {
    const asked = run(beginSending('coin'), WRITTEN)!;
    expect(asked).toEqual({ kind: 'how-much', purpose: 'coin', to: TO });
    const planning = { kind: 'planning', purpose: 'coin', to: TO };
    expect(run(asked, { kind: 'amount-written', text: '0.000000000000000001' })).toEqual({
      ...planning,
      amount: 1n,
    });
    expect(run(asked, { kind: 'all-wanted' })).toEqual({ ...planning, amount: 'all' });
    expect(run(asked, { kind: 'amount-written', text: 'all' })).toMatchObject({
      purpose: 'coin',
      problem: 'not-an-amount',
    });
    expect(run(asked, { kind: 'back' })).toEqual({ kind: 'whom', purpose: 'coin' });
    const tokens = run(beginSending('send'), WRITTEN)!;
    expect(run(tokens, { kind: 'all-wanted' })).toBe(tokens);
  });

  it('stays where an answer cannot be used', () => {
    const lost: SendEvent = { kind: 'address-written', text: address('2') };
    expect(run(beginSending('send'), lost)).toMatchObject({ problem: 'loses-money' });
    const zero: SendEvent = { kind: 'amount-written', text: '0' };
    expect(run(beginSending('send'), WRITTEN, zero)).toMatchObject({
      kind: 'how-much',
      problem: 'zero',
    });
  });

  it('does not take an event of another page', () => {
    const begun = beginSending('send');
    for (const event of [AMOUNT, PLANNED, { kind: 'confirmed' }, { kind: 'signed', id: 'x' }]) {
      expect(run(begun, event as SendEvent)).toBe(begun);
    }
    const check = run(begun, WRITTEN, AMOUNT, PLANNED)!;
    expect(run(check, PLANNED)).toBe(check);
  });

  it('goes back a page, but calls back nothing that is being signed', () => {
    const begun = beginSending('send');
    const back: SendEvent = { kind: 'back' };
    expect(run(begun, back)).toBeUndefined();
    expect(run(begun, WRITTEN, back)).toEqual(begun);
    expect(run(begun, WRITTEN, AMOUNT, PLANNED, back)).toEqual(begun);
    const signing = run(begun, WRITTEN, AMOUNT, PLANNED, { kind: 'confirmed' })!;
    expect(run(signing, back)).toBe(signing);
  });

  it('says why nothing was sent', () => {
    const stop = { kind: 'chain', why: 'no-answer' } as const;
    const stopped = run(beginSending('send'), WRITTEN, AMOUNT, { kind: 'failed', stop });
    expect(stopped).toEqual({ kind: 'stopped', purpose: 'send', stop });
    const nothing = { kind: 'stopped', stop: { kind: 'nothing' } } as const;
    expect(run(beginSending('sweep'), WRITTEN, { kind: 'planned', outcome: nothing })).toEqual({
      kind: 'stopped',
      purpose: 'sweep',
      stop: { kind: 'nothing' },
    });
  });
});

import { describe, expect, it } from 'vitest';

import { service, word } from '../testing/fakes.ts';
import {
  afterAnotherLook,
  isHelpedByAnotherCapture,
  isSettled,
  lookAtVisit,
  mostTold,
  stateOfAnswer,
  type VisitState,
} from './watch.ts';

const ME = word('7');
const now = () => 1_800;
const view = (status: string, more: object = {}) => ({
  body: { id: word('1'), commitment: ME, status, ...more },
});
const problem = (code: string, status = 409) => ({ status, body: { code } });
const path = (nonce: string) => `/v1/enrolments/by-nonce/${nonce}`;

/** Looks with one service that has one answer to one nonce. */
const look = async (answer: { status?: number; body: unknown }) =>
  (await lookAtVisit([service('a', { [path(word('a'))]: () => answer })], [word('a')], ME, now)).state;

describe('a visit', () => {
  it('is told as far as the service knows it', async () => {
    expect(await look(problem('enrolment-unknown', 404))).toEqual({ kind: 'not-seen' });
    expect(await look(view('checking'))).toEqual({ kind: 'being-checked' });
    expect(await look(view('queued'))).toEqual({ kind: 'admitted' });
    expect(await look(view('submitted'))).toEqual({ kind: 'admitted' });
    expect(await look(view('mined'))).toEqual({ kind: 'admitted' });
    expect(await look(view('mined', { leafIndex: 0 }))).toEqual({
      kind: 'in-the-list',
      leafIndex: 0,
      isFinal: false,
    });
    expect(await look(view('final', { leafIndex: 4 }))).toMatchObject({ isFinal: true });
    expect(await look(view('duplicate'))).toEqual({ kind: 'already-enrolled' });
    expect(await look(view('review'))).toEqual({ kind: 'operator-decides' });
    expect(await look(view('withdrawn'))).toEqual({ kind: 'withdrawn' });
    expect(await look(view('revoked'))).toEqual({ kind: 'revoked' });
  });

  it('whose capture was refused says why, and a fault of the service is no refusal', async () => {
    const refusals = [
      ['template-unusable', true],
      ['capture-not-fresh', true],
      ['nonce-used', true],
      ['orb-refused', false],
      ['commitment-taken', false],
      ['nothing-to-recover', false],
      ['recovery-too-soon', false],
      ['model-mismatch', false],
      ['orb-limit-reached', false],
      ['iris-digest-mismatch', true],
    ] as const;
    for (const [code, isHelped] of refusals) {
      expect(isHelpedByAnotherCapture(code)).toBe(isHelped);
      expect(await look(problem(code, 422))).toEqual({ kind: 'refused', code });
    }
    for (const code of ['internal', 'rate-limited', 'chain-unavailable', 'enrolment-busy']) {
      expect(await look(problem(code, 500))).toMatchObject({
        kind: 'no-answer',
        failure: { code },
      });
    }
  });

  it('that can be had again later says from when, counted from the first answer', async () => {
    const tooSoon = (secs: number) => ({
      status: 409,
      body: { code: 'recovery-too-soon', retryAfterSecs: secs },
    });
    const first = await look(tooSoon(172_800));
    const again = { at: 1_800 + 172_800, waitSecs: 172_800 };
    expect(first).toEqual({ kind: 'refused', code: 'recovery-too-soon', again });
    const busy = await look({ status: 503, body: { code: 'overloaded', retryAfterSecs: 60 } });
    expect(busy).toMatchObject({ kind: 'no-answer', again: { at: 1_860, waitSecs: 60 } });
    expect(await look(problem('orb-limit-reached'))).not.toHaveProperty('again');

    const later = stateOfAnswer(
      { kind: 'failure', failure: { kind: 'problem', code: 'recovery-too-soon', retryAfterSecs: 9 } },
      ME,
      1_805,
    );
    expect(afterAnotherLook(first, later, 1_805)).toBe(first);
    // Of another visit, after the time that the first one named.
    expect(afterAnotherLook(first, later, 1_800 + 172_800)).toBe(later);
    expect(afterAnotherLook({ kind: 'not-seen' }, later, 1_805)).toBe(later);
    expect(afterAnotherLook(first, { kind: 'admitted' }, 1_805)).toEqual({ kind: 'admitted' });
  });

  it('of another person is not believed to be mine, whose code was used for that one', async () => {
    for (const status of ['checking', 'final']) {
      const foreign = view(status, { leafIndex: 4, commitment: word('8') });
      expect(await look(foreign)).toEqual({ kind: 'refused', code: 'nonce-used' });
    }
    const answer = { ...view('queued').body, commitment: ME.toUpperCase().replace('X', 'x') };
    expect(stateOfAnswer({ kind: 'answer', value: answer as never }, ME, now())).toEqual({
      kind: 'admitted',
    });
  });

  it('is looked for by every code and service, and the most that is known is shown', async () => {
    const asked: string[] = [];
    const unknown = () => problem('enrolment-unknown', 404);
    const services = [
      service('a', { [path(word('a'))]: unknown, [path(word('b'))]: unknown }, asked),
      service('b', { [path(word('a'))]: () => view('queued'), [path(word('b'))]: unknown }, asked),
    ];
    expect(await lookAtVisit(services, [word('a'), word('b')], ME, now)).toEqual({
      state: { kind: 'admitted' },
      nonce: word('a'),
    });
    expect(asked).toHaveLength(4);
    expect(asked.join()).not.toContain(ME);
  });

  it('is being checked while a service works on it, whatever became of earlier codes', async () => {
    const routes = (answer: ReturnType<typeof view>) => ({
      [path(word('a'))]: () => problem('template-unusable', 422),
      [path(word('b'))]: () => answer,
    });
    const nonces = [word('a'), word('b')];
    const told = async (answer: ReturnType<typeof view>) =>
      lookAtVisit([service('a', routes(answer))], nonces, ME, now);
    expect(await told(view('checking'))).toEqual({
      state: { kind: 'being-checked' },
      nonce: word('b'),
    });
    expect(await told(view('queued'))).toMatchObject({ state: { kind: 'admitted' } });
  });

  it('that was taken after a refusal is told as taken', async () => {
    const services = [
      service('a', {
        [path(word('a'))]: () => problem('commitment-taken'),
        [path(word('b'))]: () => view('queued'),
      }),
    ];
    for (const nonces of [[word('a'), word('b')], [word('b'), word('a')]]) {
      expect(await lookAtVisit(services, nonces, ME, now)).toMatchObject({ state: { kind: 'admitted' } });
    }
    expect(isSettled({ kind: 'refused', code: 'commitment-taken' })).toBe(false);
  });

  it('of which nobody says anything has no state but that', async () => {
    const away = await lookAtVisit([service('a', {})], [word('a')], ME, now);
    expect(away).toMatchObject({ state: { kind: 'no-answer' } });
    expect(away.nonce).toBeUndefined();
    expect((await lookAtVisit([], [word('a')], ME, now)).state.kind).toBe('no-answer');
    expect((await lookAtVisit([], [], ME, now)).state.kind).toBe('not-seen');
  });

  it('ends with the list, with other eyes, or with a revocation', () => {
    const settled = (['in-the-list', 'already-enrolled', 'revoked'] as const).map((kind) =>
      isSettled({ kind } as VisitState),
    );
    expect(settled).toEqual([true, true, true]);
    for (const kind of ['not-seen', 'admitted', 'operator-decides', 'withdrawn'] as const) {
      expect(isSettled({ kind })).toBe(false);
    }
    expect(mostTold([{ kind: 'not-seen' }, { kind: 'withdrawn' }])).toEqual({ kind: 'withdrawn' });
    expect(mostTold([])).toBeUndefined();
  });
});

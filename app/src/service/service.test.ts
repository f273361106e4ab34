import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import type { RequestContext } from '../net/request.ts';
import { PROBLEM_TEXTS, readProblem, textOf } from './problems.ts';
import { firstAnswer, Service, type ClaimRequest } from './service.ts';

const DOCUMENT = readFileSync(
  new URL('../../../docs/openapi.json', import.meta.url),
  'utf8',
);

const word = (digit: string) => `0x${digit.repeat(64)}`;
const address = (digit: string) => `0x${digit.repeat(40)}`;
const CONFIG = {
  version: '0.1.0',
  chainId: 31_337,
  registry: address('1'),
  distributor: address('2'),
  orbRegistry: address('3'),
  token: address('4'),
  receiptSigner: address('5'),
  genesis: 1_700_000_000,
  epochLengthSecs: 86_400,
  claimWindowEpochs: 4,
  confirmations: 12,
  modelId: word('6'),
  maxCaptureAgeSecs: 300,
  deploymentBlock: 1,
  rpcUrls: [],
};
const CLAIM = { nullifierHash: word('1'), epoch: 3, status: 'queued' };

const json = (body: unknown, status = 200, headers = {}) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });

function context(...answers: (Response | Error)[]): RequestContext & { sent: Request[] } {
  const sent: Request[] = [];
  return {
    sent,
    fetch: async (request) => {
      const answer = answers[sent.length];
      sent.push(request);
      if (answer instanceof Response) return answer;
      throw answer ?? new TypeError('no answer is left');
    },
    sleep: async () => undefined,
    random: () => 0,
  };
}

describe('the problems of the API', () => {
  it('are known, each and none besides', () => {
    const { description } = JSON.parse(DOCUMENT).info as { description: string };
    const documented = [...description.matchAll(/^\| \d{3} \| `([a-z-]+)` \|/gm)].map(
      ([, code]) => code!,
    );
    expect(documented.length).toBeGreaterThan(40);
    expect(Object.keys(PROBLEM_TEXTS).sort()).toEqual([...new Set(documented)].sort());
  });

  it('of every route are among them', () => {
    const codes = new Set(
      [...DOCUMENT.matchAll(/"description": "(`[a-z-]+`: .*)"/g)].flatMap(([, text]) =>
        [...text!.matchAll(/`([a-z-]+)`: /g)].map(([, code]) => code!),
      ),
    );
    expect(codes.size).toBeGreaterThan(40);
    for (const code of codes) expect(PROBLEM_TEXTS).toHaveProperty(code);
  });

  it('are read with the time to wait, and unknown ones do no harm', () => {
    expect(readProblem({ code: 'payments-paused', retryAfterSecs: 60 }, 503, 5)).toEqual({
      kind: 'problem',
      code: 'payments-paused',
      retryAfterSecs: 60,
    });
    expect(readProblem({ code: 'overloaded', retryAfterSecs: null }, 503, 5)).toMatchObject({
      retryAfterSecs: 5,
    });
    for (const body of [{ code: 'new-code' }, { code: 'toString' }, {}, null, 'text']) {
      const failure = readProblem(body, 418, undefined);
      expect(failure).toEqual({ kind: 'unknown-problem', status: 418 });
      expect(textOf(failure)).toBe('problem.unknown');
    }
  });
});

describe('a service', () => {
  it('answers what the document says', async () => {
    const surroundings = context(json(CONFIG));
    const service = new Service('https://a.example/annona/', surroundings);
    expect(await service.config()).toEqual({ kind: 'answer', value: CONFIG });
    expect(surroundings.sent[0]).toMatchObject({
      url: 'https://a.example/annona/v1/config',
      cache: 'no-store',
    });
  });

  it('that answers something else is not understood', async () => {
    for (const answer of [
      json({ ...CONFIG, distributor: '0x12' }),
      json({ ...CONFIG, epochLengthSecs: 0 }),
      json({ ...CONFIG, genesis: -1 }),
      json([]),
      new Response('<html>', { headers: { 'content-type': 'text/html' } }),
    ]) {
      const outcome = await new Service('https://a.example', context(answer)).config();
      expect(outcome).toEqual({ kind: 'failure', failure: { kind: 'not-understood' } });
    }
  });

  it('that refuses tells its code and when to ask again', async () => {
    const problem = { type: 'x', title: 'x', status: 503, detail: 'x', code: 'payments-paused' };
    const surroundings = context(json(problem, 503, { 'retry-after': '60' }));
    const outcome = await new Service('https://a.example', surroundings).currentEpoch();
    expect(outcome).toEqual({
      kind: 'failure',
      failure: { kind: 'problem', code: 'payments-paused', retryAfterSecs: 60 },
    });
    expect(surroundings.sent).toHaveLength(1);
  });

  it('that cannot be reached is tried three times', async () => {
    const surroundings = context();
    const outcome = await new Service('https://a.example', surroundings).findClaim(word('1'));
    expect(outcome).toEqual({ kind: 'failure', failure: { kind: 'unreachable' } });
    expect(surroundings.sent).toHaveLength(3);
  });

  it('tells an enrolment by the nonce of its code', async () => {
    const enrolment = { id: word('2'), commitment: word('3'), status: 'queued' };
    const surroundings = context(json(enrolment));
    const service = new Service('https://a.example/annona/', surroundings);
    expect(await service.findEnrolmentByNonce(word('4'))).toEqual({
      kind: 'answer',
      value: enrolment,
    });
    expect(surroundings.sent[0]?.url).toBe(
      `https://a.example/annona/v1/enrolments/by-nonce/${word('4')}`,
    );
  });

  it('takes a claim as it is', async () => {
    const request: ClaimRequest = {
      epoch: 3,
      nullifierHash: word('1'),
      recipient: address('2'),
      feeRecipient: address('0'),
      fee: '0',
      proof: Array(8).fill(word('0')) as ClaimRequest['proof'],
    };
    const surroundings = context(json(CLAIM, 202));
    const outcome = await new Service('https://a.example', surroundings).submitClaim(request);
    expect(outcome).toEqual({ kind: 'answer', value: CLAIM });
    expect(await surroundings.sent[0]?.json()).toEqual(request);
  });

  it('gives tiles of whole nodes, which caches may keep', async () => {
    const tile = async (bytes: number, level: 0 | 3 = 0) => {
      const surroundings = context(
        new Response(new Uint8Array(bytes), {
          headers: { 'content-type': 'application/octet-stream' },
        }),
      );
      const service = new Service('https://a.example', surroundings);
      const outcome = await service.tile({ epoch: 3, level, index: 7 });
      expect(surroundings.sent[0]).toMatchObject({
        url: `https://a.example/v1/tree/3/${level}/7`,
        cache: 'default',
      });
      return outcome.kind === 'answer' ? outcome.value.byteLength : outcome.failure.kind;
    };
    expect(await tile(32)).toBe(32);
    expect(await tile(256 * 32)).toBe(256 * 32);
    expect(await tile(64 * 32, 3)).toBe(64 * 32);
    for (const bytes of [0, 31, 33, 257 * 32]) expect(await tile(bytes)).toBe('not-understood');
    expect(await tile(65 * 32, 3)).toBe('not-understood');
  });

  it('is followed by the next of the list, unless all would say the same', async () => {
    const busy = json({ code: 'internal' }, 500);
    const spent = json({ code: 'nullifier-spent' }, 409);
    const list = (...answers: Response[]) =>
      answers.map((answer, index) => new Service(`https://${index}.example`, context(answer)));
    const ask = (service: Service) => service.findClaim(word('1'));
    expect(await firstAnswer(list(busy, json(CLAIM)), ask)).toMatchObject({ kind: 'answer' });
    expect(await firstAnswer(list(spent, json(CLAIM)), ask)).toMatchObject({
      failure: { code: 'nullifier-spent' },
    });
    expect(await firstAnswer([], ask)).toMatchObject({ failure: { kind: 'unreachable' } });
  });
});

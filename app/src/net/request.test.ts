import { describe, expect, it } from 'vitest';

import { parseAddress } from './address.ts';
import { MAX_ANSWER_BYTES, sendPatiently, TransportError } from './request.ts';

/** Sends a request to answers that come one after the other. */
async function send(...answers: (Response | Error)[]) {
  const waits: number[] = [];
  const sent: Request[] = [];
  const outcome = await sendPatiently(
    {
      fetch: async (request) => {
        const answer = answers[sent.length];
        sent.push(request);
        if (answer instanceof Response) return answer;
        throw answer;
      },
      sleep: async (secs) => void waits.push(secs),
      random: () => 1,
    },
    new Request('https://a.example/', { method: 'POST', body: 'body' }),
  ).catch((error: unknown) => error);
  return { outcome, waits, sent };
}

const refused = (status: number, retryAfter?: string) =>
  new Response('', { status, headers: retryAfter ? { 'retry-after': retryAfter } : {} });

describe('a request', () => {
  it('is sent once when it is answered, also by a refusal', async () => {
    for (const status of [200, 400, 404, 409, 500]) {
      const { outcome, sent } = await send(refused(status));
      expect((outcome as Response).status).toBe(status);
      expect(sent).toHaveLength(1);
    }
  });

  it('is repeated with its body when it is lost or the service is busy', async () => {
    const { outcome, waits, sent } = await send(
      new TypeError('lost'),
      refused(503),
      new Response('done'),
    );
    expect(await (outcome as Response).text()).toBe('done');
    expect(waits).toEqual([0.5, 1]);
    expect(await Promise.all(sent.map((request) => request.text()))).toEqual(
      Array(3).fill('body'),
    );
  });

  it('is sent three times at most', async () => {
    const { outcome, sent } = await send(new TypeError(), new TypeError(), new TypeError());
    expect((outcome as TransportError).fault).toBe('network');
    expect(sent).toHaveLength(3);
    expect((await send(refused(503), refused(503), refused(503))).sent).toHaveLength(3);
  });

  it('waits as long as it is asked to, and leaves long waits to the caller', async () => {
    expect((await send(refused(429, '7'), new Response(''))).waits).toEqual([7.5]);
    const { outcome, sent } = await send(refused(429, '60'));
    expect((outcome as Response).headers.get('retry-after')).toBe('60');
    expect(sent).toHaveLength(1);
  });

  it('carries no cookie, no referrer, and follows no redirect', async () => {
    const [request] = (await send(new Response(''))).sent;
    expect(request).toMatchObject({
      credentials: 'omit',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
    });
  });

  it('ends when the answer does not', async () => {
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(MAX_ANSWER_BYTES / 4)),
    });
    const { outcome, sent } = await send(new Response(endless));
    expect((outcome as TransportError).fault).toBe('too-large');
    expect(sent).toHaveLength(1);
  });
});

describe('an address', () => {
  it('is encrypted, or of this device', () => {
    expect(parseAddress(' https://a.example/v#x ')).toEqual({ address: 'https://a.example/v' });
    expect(parseAddress('http://127.0.0.1:8545')).toEqual({ address: 'http://127.0.0.1:8545/' });
    expect(parseAddress('http://a.example')).toEqual({ problem: 'not-encrypted' });
    expect(parseAddress('https://me:key@a.example')).toEqual({ problem: 'has-credentials' });
    for (const text of ['', 'a.example', 'ftp://a.example', 'javascript:alert(1)']) {
      expect(parseAddress(text)).toEqual({ problem: 'not-an-address' });
    }
  });
});

import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';

import { changed, startProxy } from './proxy.mjs';

const ends = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Starts a proxy for a service that gives answers of these states, one after the other. */
async function proxyOf(states, ...rules) {
  const left = [...states];
  const server = createServer((_, response) => {
    const status = left.shift() ?? 500;
    const isEmpty = status === 204 || status === 304;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(isEmpty ? undefined : JSON.stringify({ status }));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => new Promise((resolve) => server.close(resolve)));
  const proxy = await startProxy(`http://127.0.0.1:${server.address().port}`, rules);
  ends.push(() => proxy.stop());
  return proxy.address;
}

describe('a rule about answers', () => {
  it('is asked about no refusal, and about every success', async () => {
    const seen = [];
    const answer = (_, { status }) => void seen.push(status);
    const address = await proxyOf([503, 404, 200, 304, 202], { method: 'GET', path: /x$/, answer });
    for (const status of [503, 404, 200, 304, 202]) {
      expect((await fetch(`${address}/x`)).status).toBe(status);
    }
    expect(seen).toEqual([200, 202]);
  });

  it('changes a success alone', async () => {
    const answer = changed((it) => ({ ...it, isChanged: true }));
    const address = await proxyOf([500, 200], { method: 'GET', path: /x$/, answer });
    expect(await (await fetch(`${address}/x`)).json()).toEqual({ status: 500 });
    expect(await (await fetch(`${address}/x`)).json()).toEqual({ status: 200, isChanged: true });
  });

  it('that answers itself needs no service', async () => {
    const reply = () => ({ status: 418, headers: {}, body: 'x' });
    const address = await proxyOf([], { method: 'GET', path: /x$/, reply });
    expect((await fetch(`${address}/x`)).status).toBe(418);
  });
});

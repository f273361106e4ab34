// A service of somebody else: answers as the real one does, except where a rule says otherwise.

import { createServer, request as ask } from 'node:http';

import { CLAIMS } from './phone.mjs';

/**
 * Starts a server that passes everything on to `target`. `rules` may be changed at any time; each
 * has a `method`, a `path` that matches the URL, and a function that is given the request and the
 * real answer: `answer({ method, url, body }, { status, headers, body })` returns the answer that
 * is given instead, or nothing. It is asked only about a success: a refusal is no answer that could
 * be a lie, or that tells that something was taken. A rule with `reply` is asked before, and the real
 * service is not.
 */
export async function startProxy(target, rules = []) {
  const proxy = new Proxy(target, rules);
  await proxy.start();
  return proxy;
}

class Proxy {
  #server;
  #port = 0;
  #sockets = new Set();

  constructor(target, rules) {
    this.target = new URL(target);
    this.rules = rules;
    /** Endpoint of the chain that is recommended in the place of the real one, if there is one. */
    this.recommended = undefined;
    /** Requests as they came: method, URL, headers, body as text and in hexadecimal, and whether a browser sent them. */
    this.seen = [];
  }

  /** Address, without a slash at its end. */
  get address() {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens, at the same port as before where it did so before. */
  async start() {
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch(() => response.destroy());
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    await new Promise((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = this.#server.address().port;
  }

  /** Stops to listen, and breaks all connections off. */
  async stop() {
    if (!this.#server?.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Returns the claims that browsers sent, each as often as it came. */
  claims() {
    return this.seen
      .filter(({ method, url, isOfBrowser }) => isOfBrowser && method === 'POST' && CLAIMS.test(url))
      .map(({ body }) => JSON.parse(body));
  }

  async #handle(request, response) {
    const parts = [];
    for await (const part of request) parts.push(part);
    const { method, url, headers } = request;
    const asked = { method, url, body: Buffer.concat(parts) };
    const isOfBrowser = /Chrome/.test(headers['user-agent'] ?? '');
    const [body, bytes] = [asked.body.toString(), asked.body.toString('hex')];
    this.seen.push({ method, url, headers, isOfBrowser, body, bytes });
    const rules = this.rules.filter((it) => it.method === method && it.path.test(url));
    let answer;
    for (const { reply } of rules) answer ??= await reply?.(asked);
    answer ??= this.#recommending(url, await this.#forward(asked, headers));
    for (const rule of rules) {
      if (!rule.answer || !isSuccess(answer)) continue;
      answer = { ...answer, ...(await rule.answer(asked, answer)) };
    }
    const length = { 'content-length': Buffer.byteLength(answer.body) };
    response.writeHead(answer.status, { ...answer.headers, ...length });
    response.end(answer.body);
  }

  /** Has a phone read the chain through the record of what it asks. */
  #recommending(url, answer) {
    if (url !== '/v1/config' || !this.recommended || !isSuccess(answer)) return answer;
    const config = { ...JSON.parse(answer.body), rpcUrls: [this.recommended] };
    return { ...answer, body: JSON.stringify(config) };
  }

  #forward({ method, url, body }, headers) {
    return new Promise((resolve, reject) => {
      const { hostname, port, host } = this.target;
      const options = { hostname, port, path: url, method, headers: { ...headers, host } };
      // An answer that is changed must come whole.
      delete options.headers['accept-encoding'];
      delete options.headers['if-none-match'];
      const forwarded = ask(options, async (answer) => {
        const parts = [];
        for await (const part of answer) parts.push(part);
        const { 'transfer-encoding': _, connection: __, ...kept } = answer.headers;
        resolve({ status: answer.statusCode, headers: kept, body: Buffer.concat(parts) });
      });
      forwarded.on('error', reject);
      forwarded.end(body);
    });
  }
}

const isSuccess = ({ status }) => status >= 200 && status < 300;

/** Makes a rule's answer out of a function that changes the JSON of the real one. */
export function changed(change) {
  return (asked, { body }) => ({ body: JSON.stringify(change(JSON.parse(body), asked)) });
}

// One flow while it runs: its phones, its services, and the sentences about what must not be.

import { mkdirSync } from 'node:fs';

import { newPhone } from './phone.mjs';
import { startProxy } from './proxy.mjs';
import { startService } from './service.mjs';

/** Longest time for a flow, with the waits for others: one that hangs must not hold up all. */
const LIMIT_MS = 600_000;

export class Flow {
  /** Sentences about what must not be. */
  found = [];
  #phones = [];
  #proxies = [];
  #ends = [];
  #rounds;
  #hasLeft = false;

  constructor({ demo, browser, folder, rounds }) {
    /** The demo, with its service and its chain behind records of what is asked of them. */
    this.demo = demo;
    this.browser = browser;
    this.folder = folder;
    this.#rounds = rounds;
  }

  /** Runs the flow to its end, looks for secrets, and ends what it started. */
  async go(run) {
    mkdirSync(this.folder);
    try {
      this.service = await this.newProxy();
      this.chain = await this.newProxy(this.demo.chain);
      for (const proxy of this.#proxies) proxy.recommended = this.chain.address;
      this.demo = this.demo.behind(this.service.address, this.chain.address);
      await within(run(this));
    } catch (error) {
      this.found.push(error.message);
      for (const phone of this.#phones.filter((it) => !it.isClosed)) {
        this.found.push(`screenshot: ${await phone.shot('failure').catch(() => 'none')}`);
      }
    } finally {
      this.needNoEpoch();
    }
    const sent = this.#proxies.flatMap(({ seen }) => seen.map((it) => JSON.stringify(it)));
    for (const phone of this.#phones) {
      await phone.close().catch((error) => this.found.push(`at the end: ${error.message}`));
      phone.watch.lookForSecrets('sent', sent.join('\n'));
      this.found.push(...new Set(phone.watch.found));
    }
    for (const end of this.#ends.reverse()) {
      await end().catch((error) => this.found.push(`at the end: ${error.message}`));
    }
  }

  /** Notes a sentence where something is not so. */
  expect = (isSo, text) => isSo || this.found.push(text);

  /** Waits until all flows of the group wait, and the next epoch has begun. */
  nextEpoch = () => this.#rounds.next();

  /** Lets epochs go by from now on without a wait for this flow. */
  needNoEpoch = () => {
    if (!this.#hasLeft) this.#rounds.leave();
    this.#hasLeft = true;
  };

  /** Does something at the end, whatever becomes of the flow. */
  atEnd = (end) => this.#ends.push(end);

  /** Takes a new phone with the app open in it. */
  newPhone = async (options = {}) => {
    const name = `phone${this.#phones.length + 1}`;
    // The service recommends the chain's endpoint, which a phone asks after the person's yes only.
    const { service: address, chain: recommended } = this.demo;
    const defaults = { address, folder: this.folder, name, recommended };
    const phone = await newPhone(this.browser, { ...defaults, ...options });
    this.#phones.push(phone);
    return phone;
  };

  /** Takes a phone whose browser is a process of its own. */
  adopt = async (ownBrowser) => {
    this.#ends.push(() => ownBrowser.kill());
    return this.newPhone({ context: ownBrowser.context });
  };

  /** Starts a service of somebody else in front of the demo's, or of another address. */
  newProxy = async (target = this.service?.target.href ?? this.demo.service) => {
    const proxy = await startProxy(target);
    proxy.recommended = this.chain?.address;
    this.#proxies.push(proxy);
    this.#ends.push(() => proxy.stop());
    return proxy;
  };

  /** Starts a service of one's own for the demo's chain (`service.mjs`). */
  newService = async (options) => {
    const service = await startService(this.demo, options);
    this.#ends.push(() => service.stop());
    return service;
  };

  /** Returns the claims that phones sent to any service, each as often as it came. */
  claimsSent = () => this.#proxies.flatMap((it) => it.claims());
}

/** Waits for something, but not for ever. */
async function within(work) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('the flow takes longer than ten minutes')), LIMIT_MS);
  });
  try {
    await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

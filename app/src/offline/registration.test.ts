import { describe, expect, it } from 'vitest';

import { keepOffline, type Versions } from './registration.ts';

/** Container of service workers with one registration. */
function container(controller: object | null) {
  const sent: unknown[] = [];
  const worker = Object.assign(new EventTarget(), {
    postMessage: (message: unknown) => sent.push(message),
  });
  const registration = Object.assign(new EventTarget(), {
    waiting: null as typeof worker | null,
    installing: worker as typeof worker | null,
  });
  const made = Object.assign(new EventTarget(), {
    controller,
    register: async (address: string, options: object) => {
      sent.push([address, options]);
      return registration;
    },
  });
  return { made, registration, worker, sent };
}

async function begin(controller: object | null) {
  const around = container(controller);
  const told: Versions[] = [];
  let reloads = 0;
  await keepOffline(
    around.made as unknown as ServiceWorkerContainer,
    { reload: () => void (reloads += 1) },
    (versions) => told.push(versions),
  );
  return { ...around, told, reloads: () => reloads };
}

describe('the service worker', () => {
  it('takes over the page that registered it without another load', async () => {
    const { made, reloads, sent } = await begin(null);
    expect(sent).toEqual([['./service-worker.js', { updateViaCache: 'none' }]]);
    made.dispatchEvent(new Event('controllerchange'));
    expect(reloads()).toBe(0);
    made.dispatchEvent(new Event('controllerchange'));
    expect(reloads()).toBe(1);
  });

  it('of a later version waits until the person says so', async () => {
    const { made, registration, worker, sent, told, reloads } = await begin({});
    registration.dispatchEvent(new Event('updatefound'));
    worker.dispatchEvent(new Event('statechange'));
    expect(told).toHaveLength(0);
    registration.waiting = worker;
    worker.dispatchEvent(new Event('statechange'));
    expect(told).toHaveLength(1);
    expect([reloads(), sent.length]).toEqual([0, 1]);
    told[0]?.takeOver();
    expect(sent.at(-1)).toBe('take-over');
    made.dispatchEvent(new Event('controllerchange'));
    expect(reloads()).toBe(1);
  });

  it('is not needed: without one the app goes on', async () => {
    await keepOffline(undefined, { reload: () => undefined }, () => undefined);
    const { made } = container(null);
    made.register = async () => Promise.reject(new Error('not allowed'));
    await keepOffline(
      made as unknown as ServiceWorkerContainer,
      { reload: () => undefined },
      () => undefined,
    );
  });
});

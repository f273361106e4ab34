/** Entry of a worker that computes the sums of one share of a proof. It sees the secret in it. */

import { Module } from './module.ts';
import type { FromHelper, ToHelper } from './prover.ts';

declare const self: DedicatedWorkerGlobalScope;

let ready: Promise<Module> | undefined;

self.addEventListener('message', ({ data }: MessageEvent<ToHelper>) => {
  void answer(data).then((message) => self.postMessage(message));
});

async function answer(message: ToHelper): Promise<FromHelper> {
  try {
    if (message.kind === 'start') {
      ready = Module.of(message.code).then((module) => {
        module.call('loadProver', message.files);
        return module;
      });
      await ready;
      return { kind: 'started' };
    }
    const module = await ready;
    if (!module) return { kind: 'failed' };
    const sums = module.call('sums', message.share);
    message.share.fill(0);
    return { kind: 'sums', sums };
  } catch {
    return { kind: 'failed' };
  }
}

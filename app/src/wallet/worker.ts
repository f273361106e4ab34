/** Entry of the wallet's worker: the only place where the secret is in memory. */

import { forgiveBrokenTransactions } from '../storage/work.ts';
import { computing } from './computing.ts';
import type { FromWorker, ToWorker } from './protocol.ts';
import { failureOf, serve } from './serve.ts';
import { WalletStorage } from './storage.ts';
import { COST } from './stretching.ts';
import { Wallet } from './wallet.ts';

declare const self: DedicatedWorkerGlobalScope;

forgiveBrokenTransactions(self);

const send = (message: FromWorker) => self.postMessage(message);

const opened = WalletStorage.open().then(
  (storage) =>
    new Wallet({
      storage,
      runAlone: async (work) => await navigator.locks.request('annona-wallet', work),
      nowMs: Date.now,
      cost: COST,
      computing: computing(),
    }),
);
// Each message is told that the storage could not be opened; here it is nobody's error.
opened.catch(() => undefined);

self.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  opened.then(
    (wallet) => serve(wallet, data, send),
    (error: unknown) => {
      const failure = failureOf(error);
      const isTold = failure.code !== 'internal';
      send({ id: data.id, kind: 'failure', failure: isTold ? failure : { code: 'storage-failed' } });
    },
  );
});

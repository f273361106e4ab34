import workerAddress from './worker.ts?worker&url';
import type {
  FromWorker,
  WalletCall,
  WalletCalls,
  WalletFailure,
  WalletStep,
} from './protocol.ts';
import { trustedWorkerAddress } from './trusted.ts';

/** Refusal of a call, as the worker told it. */
export class WalletRefusal extends Error {
  override readonly name = 'WalletRefusal';

  constructor(readonly failure: WalletFailure) {
    super(failure.code);
  }
}

/** Step of a long call, with how many of all are done. */
export interface StepReport {
  step: WalletStep;
  done: number;
  total: number;
}

interface Waiting {
  resolve: (answer: unknown) => void;
  reject: (error: WalletRefusal) => void;
  onStep: ((report: StepReport) => void) | undefined;
}

/** Other side of the wallet's messages, which lives in the page. */
export interface Port {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<FromWorker>) => void): void;
  addEventListener(type: 'error', listener: () => void): void;
}

/** The page's side of the wallet. */
export class WalletClient {
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #isBroken = false;

  constructor(private readonly port: Port) {
    port.addEventListener('message', ({ data }) => this.#receive(data));
    port.addEventListener('error', () => this.#break());
  }

  /** Makes a call. Rejects with a `WalletRefusal` and with nothing else. */
  call<Call extends WalletCall>(
    call: Call,
    request: WalletCalls[Call]['request'],
    onStep?: (report: StepReport) => void,
  ): Promise<WalletCalls[Call]['answer']> {
    if (this.#isBroken) return Promise.reject(new WalletRefusal({ code: 'internal' }));
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, {
        resolve: resolve as (answer: unknown) => void,
        reject,
        onStep,
      });
      this.port.postMessage({ id, call, request });
    });
  }

  #receive(message: FromWorker): void {
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return;
    if (message.kind === 'step') {
      waiting.onStep?.({ step: message.step, done: message.done, total: message.total });
      return;
    }
    this.#waiting.delete(message.id);
    if (message.kind === 'answer') waiting.resolve(message.answer);
    else waiting.reject(new WalletRefusal(message.failure));
  }

  /** Refuses all that waits when the worker cannot be started or has ended. */
  #break(): void {
    this.#isBroken = true;
    for (const { reject } of this.#waiting.values()) {
      reject(new WalletRefusal({ code: 'internal' }));
    }
    this.#waiting.clear();
  }
}

/** Starts the wallet's worker, once for each page. */
export function startWallet(): WalletClient {
  const address = trustedWorkerAddress(workerAddress);
  return new WalletClient(new Worker(address, { type: 'module', name: 'annona-wallet' }));
}

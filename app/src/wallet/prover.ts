/** Proofs of claims, divided among this worker and helpers that share no memory with it. */

import { randomBytes, type Bytes } from '../bytes/bytes.ts';
import { measured, uint64, type Module } from './module.ts';
import type { ProverFiles } from './files.ts';

/** Message to a helper. */
export type ToHelper =
  | { kind: 'start'; code: WebAssembly.Module; files: Bytes }
  | { kind: 'sums'; share: Bytes };

/** Message from a helper. */
export type FromHelper = { kind: 'started' } | { kind: 'sums'; sums: Bytes } | { kind: 'failed' };

/** A helper's side of the messages. */
export interface HelperPort {
  postMessage(message: ToHelper): void;
  onmessage: ((event: MessageEvent<FromHelper>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  terminate(): void;
}

/** Statement of a claim, in bytes. */
export interface ClaimStatement {
  chainId: number;
  distributor: Bytes;
  epoch: number;
  recipient: Bytes;
  feeRecipient: Bytes;
  /** 32 bytes. */
  fee: Bytes;
  leafIndex: number;
  /** 30 siblings from the leaf up, 32 bytes each. */
  siblings: Bytes;
  /** `R_e`, 32 bytes. */
  root: Bytes;
}

/** Proof of a claim, in bytes. */
export interface ClaimProof {
  nullifierHash: Bytes;
  /** Eight coordinates of 32 bytes each. */
  coordinates: Bytes[];
}

/** Least time that a helper gets for its share after this worker has done its own. */
const LEAST_PATIENCE_MS = 2_000;
/** Multiple of this worker's own time that a helper gets: cores of a phone differ in speed. */
const PATIENCE_FACTOR = 4;

/** Time for which helpers are waited for, by the time that this worker's own share took. */
export type Patience = (ownMs: number) => number;

/**
 * Waits as for a slow core. A helper of which the script never came, or that hangs, is given up
 * afterwards, and this worker computes its share.
 */
export const patienceAfter: Patience = (ownMs) =>
  Math.max(LEAST_PATIENCE_MS, PATIENCE_FACTOR * ownMs);

/** Report of the parts of a proof that are done. */
export type OnPart = (done: number, total: number) => void;

/** Prover with its key in memory. */
export class ClaimProver {
  private constructor(
    private readonly module: Module,
    private readonly helpers: Helper[],
    private readonly patience: Patience,
  ) {}

  /** Reads the files, in this worker and in each helper. */
  static load(
    module: Module,
    code: WebAssembly.Module,
    { prover, witness }: ProverFiles,
    ports: readonly HelperPort[],
    patience: Patience = patienceAfter,
  ): ClaimProver {
    const length = measured(prover).subarray(0, 4);
    module.call('loadProver', length, prover, witness);
    const files = new Uint8Array(4 + prover.length + witness.length);
    files.set(length);
    files.set(prover, 4);
    files.set(witness, 4 + prover.length);
    return new ClaimProver(
      module,
      ports.map((port) => new Helper(port, code, files)),
      patience,
    );
  }

  /** Proves a claim. The secret is read and kept nowhere. */
  async prove(secret: Bytes, claim: ClaimStatement, onPart: OnPart): Promise<ClaimProof> {
    const { module } = this;
    const helpers = this.helpers.filter(({ isBroken }) => !isBroken);
    const count = helpers.length + 1;
    const total = count + 2;
    let done = 0;
    const advance = () => {
      done += 1;
      onPart(done, total);
    };
    onPart(done, total);
    module.call(
      'beginClaim',
      secret,
      uint64(claim.chainId),
      claim.distributor,
      uint64(claim.epoch),
      claim.recipient,
      claim.feeRecipient,
      claim.fee,
      uint64(claim.leafIndex),
      claim.siblings,
      claim.root,
      randomBytes(32),
      new Uint8Array([count]),
    );
    advance();
    const share = (number: number) => module.call('share', new Uint8Array([number]));
    const theirs = helpers.map(async (helper, index) => {
      const sums = await helper.sums(share(index + 1));
      if (sums) advance();
      return sums;
    });
    const began = performance.now();
    const mine = module.call('sums', share(0));
    advance();
    const limit = setTimeout(
      () => helpers.forEach((helper) => helper.giveUp()),
      this.patience(performance.now() - began),
    );
    // A helper that failed or was given up leaves its share to this worker.
    const computed = await Promise.all(theirs);
    clearTimeout(limit);
    const sums = [mine, ...computed.map((it, index) => it ?? module.call('sums', share(index + 1)))];
    const proof = module.call('finishClaim', ...sums.map(measured));
    onPart(total, total);
    return {
      nullifierHash: proof.slice(0, 32),
      coordinates: Array.from({ length: 8 }, (_, place) =>
        proof.slice(32 * (place + 1), 32 * (place + 2)),
      ),
    };
  }
}

/** A worker that computes one share at a time. */
class Helper {
  isBroken = false;
  #waiting: ((sums: Bytes | undefined) => void) | undefined;

  constructor(
    private readonly port: HelperPort,
    code: WebAssembly.Module,
    files: Bytes,
  ) {
    port.onmessage = ({ data }) => {
      if (data.kind === 'failed') this.#break();
      else if (data.kind === 'sums') this.#settle(data.sums);
    };
    port.onerror = () => this.#break();
    port.postMessage({ kind: 'start', code, files });
  }

  /** Returns the sums of a share; nothing when the helper fails. */
  sums(share: Bytes): Promise<Bytes | undefined> {
    if (this.isBroken) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.port.postMessage({ kind: 'sums', share });
    });
  }

  /** Ends a helper that owes a share; what it says later is not heard. */
  giveUp(): void {
    if (this.#waiting) this.#break();
  }

  #settle(sums: Bytes | undefined): void {
    this.#waiting?.(sums);
    this.#waiting = undefined;
  }

  #break(): void {
    this.isBroken = true;
    this.port.terminate();
    this.#settle(undefined);
  }
}

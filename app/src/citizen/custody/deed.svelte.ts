import {
  passkeyProof,
  WalletRefusal,
  type ExportedPackage,
  type PasskeyQuestion,
  type Proof,
} from '../../wallet/index.ts';
import { proofProblemOf, type ProofProblem } from '../identity/flow.ts';
import { refusalCode, type CustodyWallet } from '../ports.ts';

/** Deed on a package for which the person proves to be there. */
export type PackageTask = 'export' | 'delete';

/** State of such a deed. */
export type PackageDeed =
  | { kind: 'asking'; problem?: ProofProblem; isBusy: boolean }
  /** Code of the wallet's refusal; the proof was not at fault. */
  | { kind: 'failed'; code: string }
  | { kind: 'exported'; files: ExportedPackage }
  | { kind: 'deleted' };

/** One deed on one package, from the question for a proof to its end. */
export class PackageDeeds {
  state = $state.raw<PackageDeed>({ kind: 'asking', isBusy: false });

  constructor(
    private readonly wallet: CustodyWallet,
    private readonly task: PackageTask,
    private readonly nonce: string,
  ) {}

  begin(): void {
    this.state = { kind: 'asking', isBusy: false };
  }

  /** Does the deed for somebody who uses the passkey. */
  async doByPasskey(question: PasskeyQuestion): Promise<void> {
    if (this.state.kind === 'asking' && this.state.isBusy) return;
    this.state = { kind: 'asking', isBusy: true };
    const proof = await passkeyProof(question).catch(() => undefined);
    if (proof) return this.do(proof);
    this.state = { kind: 'asking', problem: { kind: 'passkey' }, isBusy: false };
  }

  /** Does the deed for somebody who has just proved to be there. */
  async do(proof: Proof): Promise<void> {
    this.state = { kind: 'asking', isBusy: true };
    try {
      this.state = await this.#carryOut(proof);
    } catch (error) {
      this.state = afterRefusal(error);
    }
  }

  async #carryOut(proof: Proof): Promise<PackageDeed> {
    const request = { proof, nonce: this.nonce };
    if (this.task === 'export') {
      return { kind: 'exported', files: await this.wallet.call('exportPackage', request) };
    }
    await this.wallet.call('deletePackage', request);
    return { kind: 'deleted' };
  }
}

function afterRefusal(error: unknown): PackageDeed {
  const problem = error instanceof WalletRefusal ? proofProblemOf(error.failure) : undefined;
  return problem
    ? { kind: 'asking', problem, isBusy: false }
    : { kind: 'failed', code: refusalCode(error) };
}

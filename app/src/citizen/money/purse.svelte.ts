import type { RpcEndpoint } from '../../chain/rpc.ts';
import type { TokenUnit } from '../../chain/contracts.ts';
import type { PasskeyQuestion, Proof } from '../../wallet/index.ts';
import { passkeyProof, WalletRefusal } from '../../wallet/index.ts';
import type { DeviceClaim } from '../claim/claim.ts';
import type { DeploymentFacts } from '../deployment/deployment.ts';
import { proofProblemOf, type ProofProblem } from '../identity/flow.ts';
import { refusalCode, type SigningWallet } from '../ports.ts';
import { planClaim, type ClaimPlan } from './claiming.ts';
import { coinSources, planCoin } from './coin.ts';
import {
  afterSendEvent,
  beginSending,
  type SendEvent,
  type SendFlow,
  type SendPurpose,
  type SendStop,
} from './flow.ts';
import { planSend, planSweep, type GasNeed, type PlanOutcome } from './plan.ts';
import { planReplacement, signReplacement, type Change, type Replacement } from './replacing.ts';
import {
  estimateCoin,
  estimateTransfer,
  readGasPrices,
  PLAIN_GAS,
  readHoldings,
  SendingError,
  signClaim,
  signPlan,
  workOnTransfers,
  type Holdings,
  type SendingContext,
} from './sending.ts';
import { isSettledTransfer, type Transfer } from './transfer.ts';
import { TransferStorage } from './transfers.ts';

/** Time between two looks at transfers that are under way. */
export const LOOK_AT_TRANSFERS_MS = 5_000;

/** State of claiming by a transaction of one's own. */
export type OwnClaimState =
  | { kind: 'planning' }
  | { kind: 'check'; plan: ClaimPlan }
  | { kind: 'signing'; plan: ClaimPlan }
  | { kind: 'stopped'; stop: SendStop };

/** State of replacing what no block has taken. */
export type ReplacingState =
  | { kind: 'planning' }
  | { kind: 'check'; plan: Replacement }
  | { kind: 'signing'; plan: Replacement }
  | { kind: 'stopped'; stop: SendStop };

/** State of taking the key of an account to another wallet. */
export type ExportState =
  | { kind: 'asking'; problem?: ProofProblem; isBusy: boolean }
  /** Code of the wallet's refusal; the proof was not at fault. */
  | { kind: 'failed'; code: string }
  | { kind: 'shown'; address: string; key: string };

/** Facts of the way to a payment that transfers need, as they are when they are needed. */
export interface PurseContext {
  wallet: SigningWallet;
  facts: () => DeploymentFacts | undefined;
  endpoints: () => readonly RpcEndpoint[];
  /** Epochs whose accounts may hold money: those that were paid, and the present one. */
  epochs: () => readonly number[];
  unit: () => TokenUnit | undefined;
  /** Asks for the passkey; the browser's own way where none is named. */
  askPasskey?: (question: PasskeyQuestion) => Promise<Proof>;
}

/** Money that leaves the person's accounts: what is asked, under way, and done. */
export class Purse {
  flow = $state.raw<SendFlow>({ kind: 'whom', purpose: 'send' });
  transfers = $state.raw<readonly Transfer[]>([]);
  ownClaim = $state.raw<OwnClaimState>({ kind: 'planning' });
  replacing = $state.raw<ReplacingState>({ kind: 'planning' });
  exported = $state.raw<ExportState>({ kind: 'asking', isBusy: false });

  #storage: TransferStorage | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isAtWork = false;

  constructor(private readonly context: PurseContext) {}

  /** Takes up the transfers that were left under way. They need no secret. */
  async start(): Promise<void> {
    this.#storage = await TransferStorage.open().catch(() => undefined);
    this.transfers = (await this.#storage?.all().catch(() => [])) ?? [];
    this.#lookLater(0);
  }

  /** Forgets what belongs to an open identity. */
  leave(): void {
    this.flow = { kind: 'whom', purpose: 'send' };
    this.ownClaim = { kind: 'planning' };
    this.replacing = { kind: 'planning' };
    this.exported = { kind: 'asking', isBusy: false };
  }

  begin(purpose: SendPurpose): void {
    this.flow = beginSending(purpose);
  }

  /** Takes an event; returns whether the person leaves sending. */
  send(event: SendEvent): boolean {
    const facts = { losing: this.losing, decimals: this.context.unit()?.decimals ?? 0 };
    const after = afterSendEvent(this.flow, event, facts);
    if (!after) return true;
    const isNew = after !== this.flow;
    this.flow = after;
    if (isNew && after.kind === 'planning') void this.#plan(after);
    if (isNew && after.kind === 'signing') void this.#sign(after);
    return false;
  }

  /** Addresses that keep for ever what they are sent. */
  get losing(): readonly string[] {
    const facts = this.context.facts();
    return facts ? [facts.deployment.distributor, facts.deployment.token] : [];
  }

  async #plan(flow: SendFlow & { kind: 'planning' }): Promise<void> {
    await this.#attempt(flow, async (context) => {
      const holdings = await readHoldings(context, this.context.epochs());
      const outcome = await this.#outcome(context, flow, holdings);
      if (this.flow === flow) this.send({ kind: 'planned', outcome });
    });
  }

  async #outcome(
    context: SendingContext,
    flow: SendFlow & { kind: 'planning' },
    holdings: Holdings,
  ): Promise<PlanOutcome> {
    const { purpose, to, amount } = flow;
    const { accounts, gas } = holdings;
    if (purpose === 'coin') return this.#coinOutcome(context, flow, holdings);
    const plan = (need: GasNeed) =>
      amount === 'all'
        ? planSweep(accounts, gas, need, to)
        : planSend(accounts, gas, need, to, amount);
    // Without money there is nothing to estimate.
    const stopped = plan({ transferGas: 0, maxFeePerGas: 0n });
    const holder = accounts.find(({ tokens, address }) => tokens > 0n && address !== to);
    if (stopped.kind === 'stopped' || !holder) return stopped;
    const { maxFeePerGas } = await readGasPrices(context);
    return plan({ transferGas: await estimateTransfer(context, holder, to), maxFeePerGas });
  }

  async #coinOutcome(
    context: SendingContext,
    { to, amount }: SendFlow & { kind: 'planning' },
    { accounts, gas }: Holdings,
  ): Promise<PlanOutcome> {
    const { maxFeePerGas } = await readGasPrices(context);
    const plan = (gasLimit: number) =>
      planCoin(coinSources(accounts, gas), { gasLimit, maxFeePerGas }, to, amount);
    // The code of a receiver may need more than a plain payment.
    const plain = plan(PLAIN_GAS);
    if (plain.kind === 'stopped' || plain.plan.asset !== 'coin') return plain;
    const [first] = plain.plan.parts;
    return first ? plan(await estimateCoin(context, first, to)) : plain;
  }

  async #sign(flow: SendFlow & { kind: 'signing' }): Promise<void> {
    await this.#attempt(flow, async (context) => {
      // The cost that was shown is the most that is paid.
      const { maxFeePerGas } = flow.plan.need;
      const { maxPriorityFeePerGas: tip } = await readGasPrices(context);
      const prices = { maxFeePerGas, maxPriorityFeePerGas: tip < maxFeePerGas ? tip : maxFeePerGas };
      const { id } = await signPlan(context, flow.purpose, flow.plan, prices);
      await this.#show(context);
      this.send({ kind: 'signed', id });
    });
  }

  /** Shows what was signed and kept, and sends it. */
  async #show({ storage }: Pick<SendingContext, 'storage'>): Promise<void> {
    this.transfers = await storage.all();
    await this.#look();
  }

  async #attempt(flow: SendFlow, work: (context: SendingContext) => Promise<void>): Promise<void> {
    try {
      await work(this.#surroundings());
    } catch (error) {
      if (this.flow === flow) this.send({ kind: 'failed', stop: stopOf(error) });
    }
  }

  #surroundings(): SendingContext {
    const facts = this.context.facts();
    if (!this.#storage) throw new WalletRefusal({ code: 'storage-failed' });
    if (!facts) throw new SendingError('no-answer');
    return {
      facts,
      endpoints: this.context.endpoints(),
      wallet: this.context.wallet,
      storage: this.#storage,
      runAlone,
    };
  }

  // Claims by a transaction of one's own.

  /** Reads who can pay for sending a claim, and what it costs. */
  async planOwnClaim(claim: DeviceClaim): Promise<void> {
    this.ownClaim = { kind: 'planning' };
    try {
      const outcome = await planClaim(this.#surroundings(), claim);
      this.ownClaim =
        'stop' in outcome ? { kind: 'stopped', stop: outcome.stop } : { kind: 'check', ...outcome };
    } catch (error) {
      this.ownClaim = { kind: 'stopped', stop: stopOf(error) };
    }
  }

  /** Signs and sends a claim as it was planned. Returns the transfer's id. */
  async sendOwnClaim(claim: DeviceClaim): Promise<string | undefined> {
    const { ownClaim } = this;
    if (ownClaim.kind !== 'check') return undefined;
    const { plan } = ownClaim;
    this.ownClaim = { kind: 'signing', plan };
    try {
      const { account, address, gasLimit, prices } = plan;
      const context = this.#surroundings();
      const { request } = claim;
      const transfer = await signClaim(context, account, address, gasLimit, request, prices);
      await this.#show(context);
      return transfer.id;
    } catch (error) {
      this.ownClaim = { kind: 'stopped', stop: stopOf(error) };
      return undefined;
    }
  }

  // Replacing what no block has taken.

  /** Reads what a higher price, or calling off, costs. */
  async planReplacement(id: string, change: Change): Promise<void> {
    const begun: ReplacingState = { kind: 'planning' };
    this.replacing = begun;
    const outcome = await this.#planned(id, change);
    // Whoever has gone elsewhere meanwhile is shown nothing of it.
    if (this.replacing === begun) this.replacing = outcome;
  }

  async #planned(id: string, change: Change): Promise<ReplacingState> {
    const transfer = this.transfers.find((it) => it.id === id);
    if (!transfer) return { kind: 'stopped', stop: { kind: 'changed' } };
    try {
      const outcome = await planReplacement(this.#surroundings(), transfer, change);
      return 'stop' in outcome
        ? { kind: 'stopped', stop: outcome.stop }
        : { kind: 'check', ...outcome };
    } catch (error) {
      return { kind: 'stopped', stop: stopOf(error) };
    }
  }

  /** Signs and sends a replacement as it was planned. Returns whether it did. */
  async replace(): Promise<boolean> {
    const { replacing } = this;
    if (replacing.kind !== 'check') return false;
    this.replacing = { kind: 'signing', plan: replacing.plan };
    try {
      const context = this.#surroundings();
      await signReplacement(context, replacing.plan);
      await this.#show(context);
      return true;
    } catch (error) {
      this.replacing = { kind: 'stopped', stop: stopOf(error) };
      return false;
    }
  }

  // Keys for other wallets.

  beginExport(): void {
    this.exported = { kind: 'asking', isBusy: false };
  }

  /** Shows the key of an account, to somebody who uses the passkey. */
  async exportByPasskey(question: PasskeyQuestion, account: number | 'gas'): Promise<void> {
    if (this.exported.kind === 'asking' && this.exported.isBusy) return;
    const begun: ExportState = { kind: 'asking', isBusy: true };
    this.exported = begun;
    const { askPasskey = passkeyProof } = this.context;
    const proof = await askPasskey(question).catch(() => undefined);
    if (this.exported !== begun) return;
    if (proof) return this.exportKey(proof, account);
    this.exported = { kind: 'asking', problem: { kind: 'passkey' }, isBusy: false };
  }

  /** Shows the key of an account, to somebody who has just proved to be there. */
  async exportKey(proof: Proof, epoch: number | 'gas'): Promise<void> {
    const begun: ExportState = { kind: 'asking', isBusy: true };
    this.exported = begun;
    const account =
      epoch === 'gas' ? ({ kind: 'gas' } as const) : ({ kind: 'receive', epoch } as const);
    try {
      const shown = await this.context.wallet.exportKey(proof, account);
      // A key does not come onto a page that was left.
      if (this.exported === begun) this.exported = { kind: 'shown', ...shown };
    } catch (error) {
      if (this.exported === begun) this.exported = afterRefusal(error);
    }
  }

  // Transfers under way.

  /** Reads what other tabs have signed, and looks at it. */
  async refresh(): Promise<void> {
    if (this.#storage) await this.#show({ storage: this.#storage }).catch(() => undefined);
  }

  #lookLater(afterMs: number): void {
    clearTimeout(this.#timer);
    if (this.transfers.every(isSettledTransfer)) return;
    this.#timer = setTimeout(() => void this.#look(), afterMs);
  }

  async #look(): Promise<void> {
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    try {
      this.transfers = await workOnTransfers(this.#surroundings());
    } catch {
      // What is kept is looked at again.
    } finally {
      this.#isAtWork = false;
    }
    this.#lookLater(LOOK_AT_TRANSFERS_MS);
  }
}

function stopOf(error: unknown): SendStop {
  if (!(error instanceof SendingError)) return { kind: 'wallet', code: refusalCode(error) };
  const { why } = error;
  switch (why) {
    case 'under-way':
    case 'would-fail':
    case 'changed':
      return { kind: why };
    default:
      return { kind: 'chain', why };
  }
}

function afterRefusal(error: unknown): ExportState {
  const problem = error instanceof WalletRefusal ? proofProblemOf(error.failure) : undefined;
  return problem
    ? { kind: 'asking', problem, isBusy: false }
    : { kind: 'failed', code: refusalCode(error) };
}

let lastWork: Promise<unknown> = Promise.resolve();

/** Runs work while no other tab runs any; where there are no locks, there is one tab. */
async function runAlone<T>(work: () => Promise<T>): Promise<T> {
  const { locks } = navigator as { locks?: LockManager };
  if (locks) return (await locks.request('annona-transfers', work)) as T;
  const done = lastWork.then(work);
  lastWork = done.catch(() => undefined);
  return done;
}

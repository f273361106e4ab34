/**
 * Own payments, picked out of everybody's (IDENT-10), their sum, and their list as a file. The
 * wallet names the own nullifier hashes; nobody else learns them.
 */

import { startOf, type ClaimCalendar } from '../../chain/calendar.ts';
import { readBalance, type Deployment, type TokenUnit } from '../../chain/contracts.ts';
import { firstBlockAt, readPayments, type Payment } from '../../chain/payments.ts';
import type { Block, RpcEndpoint } from '../../chain/rpc.ts';
import type { SeenPayments } from '../claim/claim.ts';
import type { DeploymentFacts } from '../deployment/deployment.ts';

/** Most epochs of which the own payments are looked for at once. */
export const MAX_EPOCHS = 1_000;

/** Reads everybody's payments of the epochs since one. */
export async function paymentsSince(
  endpoint: RpcEndpoint,
  { deployment, calendar, confirmations }: DeploymentFacts,
  epoch: number,
  block: Block,
): Promise<Omit<SeenPayments, 'sources'>> {
  const first = await firstBlockAt(endpoint, startOf(calendar, epoch), block.number);
  const payments =
    first === undefined
      ? []
      : await readPayments(endpoint, deployment.distributor, first, block.number);
  return { payments, newestBlock: block.number, confirmations };
}

/** Returns the epochs from one to another, and of too many the newest. */
export function epochsBetween(first: number, last: number): number[] {
  const from = Math.max(0, first, last - MAX_EPOCHS + 1);
  return Array.from({ length: Math.max(0, last - from + 1) }, (_, index) => from + index);
}

/** Picks the own payments, the newest first. `hashes` are those of `epochs`, in their order. */
export function ownPayments(
  payments: readonly Payment[],
  epochs: readonly number[],
  hashes: readonly string[],
): Payment[] {
  const own = new Set(epochs.map((epoch, index) => `${epoch} ${hashes[index]?.toLowerCase()}`));
  return payments
    .filter(({ epoch, nullifierHash }) => own.has(`${epoch} ${nullifierHash}`))
    .sort((a, b) => b.epoch - a.epoch);
}

/** Returns what payments brought in all, without the fees. */
export function sumOf(payments: readonly Payment[]): bigint {
  return payments.reduce((sum, { amount, fee }) => sum + amount - fee, 0n);
}

/** Reads the balances of addresses, and adds them up. Each is asked for once. */
export async function readBalances(
  endpoint: RpcEndpoint,
  deployment: Deployment,
  addresses: readonly string[],
  block: Block,
): Promise<bigint> {
  const balances = await Promise.all(
    [...new Set(addresses)].map((it) => readBalance(endpoint, deployment, it, block)),
  );
  return balances.reduce((sum, it) => sum + it, 0n);
}

/** Writes an amount of smallest units as a decimal number, without needless zeros. */
export function decimalOf(units: bigint, decimals: number): string {
  const digits = units.toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const part = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return part === '' ? whole : `${whole}.${part}`;
}

/**
 * Writes payments as comma-separated values (RFC 4180), exact. Where the unit is not known, amounts
 * are in smallest units, and `smallestUnit` is the text that says so.
 */
export function csvOf(
  payments: readonly Payment[],
  calendar: ClaimCalendar,
  unit: TokenUnit | undefined,
  smallestUnit: string,
): string {
  const header = ['epoch', 'epoch_starts_at', 'recipient', 'amount', 'fee', 'unit', 'block', 'transaction'];
  const decimals = unit?.decimals ?? 0;
  const rows = payments.map((it) => [
    it.epoch,
    new Date(1_000 * startOf(calendar, it.epoch)).toISOString(),
    it.recipient,
    decimalOf(it.amount, decimals),
    decimalOf(it.fee, decimals),
    unit?.symbol ?? smallestUnit,
    it.blockNumber,
    it.transactionHash,
  ]);
  return [header, ...rows].map((row) => `${row.map(quoted).join(',')}\r\n`).join('');
}

/** Quotes a value where it needs it; no value begins what a table program takes for a formula. */
function quoted(value: string | number): string {
  const text = String(value).replace(/^[=+\-@]/, "'$&");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Choice of where payments go. */
export type Receiving = { kind: 'fresh' } | { kind: 'own'; address: string };

/** Reads the choice from what was stored. */
export function readReceiving(stored: unknown): Receiving {
  const { kind, address } = (stored ?? {}) as { kind?: unknown; address?: unknown };
  const isOwn = kind === 'own' && typeof address === 'string' && /^0x[0-9a-f]{40}$/.test(address);
  return isOwn ? { kind: 'own', address } : { kind: 'fresh' };
}

/** Returns the earlier epochs that were claimed to an address: the payments become linked. */
export function epochsPaidTo(
  address: string,
  claims: readonly { epoch: number; request: { recipient: string } }[],
): number[] {
  return claims
    .filter(({ request }) => request.recipient.toLowerCase() === address.toLowerCase())
    .map(({ epoch }) => epoch)
    .sort((a, b) => a - b);
}

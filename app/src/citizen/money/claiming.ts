/**
 * Claim by a transaction of one's own: the distributor takes a claim from anybody, so no relay is
 * needed, and the sender pays the gas. Whoever looks at the chain sees the account that paid.
 */

import { claimCallData } from '../../chain/abi.ts';
import type { GasPrices } from '../../chain/rpc.ts';
import type { DeviceClaim } from '../claim/claim.ts';
import type { OwnAccount } from '../ports.ts';
import type { PlanStop } from './plan.ts';
import { estimateGas, readGasPrices, readHoldings, type SendingContext } from './sending.ts';


/** Claim that can be sent, with the account that pays and the most that it costs. */
export interface ClaimPlan {
  account: OwnAccount;
  address: string;
  gasLimit: number;
  prices: GasPrices;
  costWei: bigint;
  /** True where the paying account pays for other transactions too, which become linked. */
  isShared: boolean;
}

/** Returns whether every relay of the list has failed to take a claim. */
export function canSendAlone({ state, failures }: DeviceClaim, serviceCount: number): boolean {
  return state.kind === 'queued' && failures >= Math.max(1, serviceCount);
}

/**
 * Finds an account that can pay: first the one that the payment goes to, which links nothing
 * new, then the one for gas.
 */
export async function planClaim(
  context: SendingContext,
  { epoch, request }: DeviceClaim,
): Promise<{ plan: ClaimPlan } | { stop: PlanStop }> {
  const { accounts, gas } = await readHoldings(context, [epoch]);
  const prices = await readGasPrices(context);
  const { distributor } = context.facts.deployment;
  const data = claimCallData(request);
  const gasLimit = await estimateGas(context, { from: gas.address, to: distributor, data });
  const costWei = BigInt(gasLimit) * prices.maxFeePerGas;
  const terms = { gasLimit, prices, costWei };
  const receiving = accounts.find(({ address }) => address === request.recipient.toLowerCase());
  if (receiving && receiving.coin >= costWei) {
    const account: OwnAccount = { kind: 'receive', epoch };
    return { plan: { ...terms, account, address: receiving.address, isShared: false } };
  }
  if (gas.coin >= costWei) {
    return { plan: { ...terms, account: { kind: 'gas' }, address: gas.address, isShared: true } };
  }
  const { address, coin } = receiving ?? gas;
  return {
    stop: { kind: 'no-gas', address, missingWei: costWei - coin, isOwn: receiving !== undefined },
  };
}

import {
  addressWord,
  callData,
  numberOf,
  textAt,
  textOf,
  uintOf,
  uintWord,
  wordsOf,
} from './abi.ts';
import { calendarOf, type ClaimCalendar } from './calendar.ts';
import { RpcError, type Block, type RpcEndpoint } from './rpc.ts';

/** Contracts of a deployment. */
export interface Deployment {
  registry: string;
  distributor: string;
  token: string;
}

/** State of an epoch in the distributor. */
export interface EpochState {
  /** `R_e`, 0x and 64 digits. */
  root: string;
  memberCount: number;
  /** Amount of each claim, in the token's smallest unit. */
  amount: bigint;
  claimed: number;
  isOpened: boolean;
  isClosed: boolean;
}

/** Reads the calendar of a deployment. */
export async function readCalendar(
  endpoint: RpcEndpoint,
  { registry, distributor }: Deployment,
  block: Block,
): Promise<ClaimCalendar> {
  const one = async (contract: string, data: string) =>
    numberOf(wordsOf(await endpoint.call(contract, data, block.number), 1)[0] ?? '');
  const calendar = calendarOf({
    genesis: await one(registry, callData('genesis()')),
    epochLengthSecs: await one(registry, callData('epochLength()')),
    claimWindowEpochs: await one(distributor, callData('claimWindow()')),
  });
  if (!calendar) throw new RpcError({ kind: 'not-understood' });
  return calendar;
}

/** Reads `R_e` and `N_e` of an epoch that has begun (EPOCH-2). */
export async function readCheckpoint(
  endpoint: RpcEndpoint,
  { registry }: Deployment,
  epoch: number,
  block: Block,
): Promise<{ root: string; memberCount: number }> {
  const data = callData('checkpointBefore(uint256)', uintWord(BigInt(epoch)));
  const [root = '', members = ''] = wordsOf(await endpoint.call(registry, data, block.number), 2);
  return { root: `0x${root}`, memberCount: numberOf(members) };
}

/** Reads the state of an epoch in the distributor. */
export async function readEpochState(
  endpoint: RpcEndpoint,
  { distributor }: Deployment,
  epoch: number,
  block: Block,
): Promise<EpochState> {
  const data = callData('epochState(uint256)', uintWord(BigInt(epoch)));
  const words = wordsOf(await endpoint.call(distributor, data, block.number), 7);
  const [root = '', members = '', , amount = '', claimed = '', opened = '', closed = ''] = words;
  return {
    root: `0x${root}`,
    memberCount: numberOf(members),
    amount: uintOf(amount),
    claimed: numberOf(claimed),
    isOpened: uintOf(opened) === 1n,
    isClosed: uintOf(closed) === 1n,
  };
}

/** Reads the balance of an address, in the token's smallest unit. */
export async function readBalance(
  endpoint: RpcEndpoint,
  { token }: Deployment,
  owner: string,
  block: Block,
): Promise<bigint> {
  const data = callData('balanceOf(address)', addressWord(owner));
  return uintOf(wordsOf(await endpoint.call(token, data, block.number), 1)[0] ?? '');
}

/** Unit of a token: its sign, and the decimal places of its amounts. */
export interface TokenUnit {
  symbol: string;
  decimals: number;
}

/** Most decimal places that are believed. */
const MAX_DECIMALS = 36;

/** Reads the unit of the token. */
export async function readTokenUnit(
  endpoint: RpcEndpoint,
  { token }: Deployment,
  block: Block,
): Promise<TokenUnit> {
  const ask = (data: string) => endpoint.call(token, data, block.number);
  const decimals = numberOf(wordsOf(await ask(callData('decimals()')), 1)[0] ?? '');
  if (decimals > MAX_DECIMALS) throw new RpcError({ kind: 'not-understood' });
  return { symbol: textOf(await ask(callData('symbol()'))), decimals };
}

/** Facts that a permit of the token is signed about (EIP-2612, EIP-5267). */
export interface PermitDomain {
  name: string;
  version: string;
}

/** Reads the domain in which the token takes permits. A token without it refuses the call. */
export async function readPermitDomain(
  endpoint: RpcEndpoint,
  { token }: Deployment,
  block: Block,
): Promise<PermitDomain> {
  const data = await endpoint.call(token, callData('eip712Domain()'), block.number);
  return { name: textAt(data, 1), version: textAt(data, 2) };
}

/** Reads the number of permits that an owner has given. */
export async function readPermitNonce(
  endpoint: RpcEndpoint,
  { token }: Deployment,
  owner: string,
  block: Block,
): Promise<bigint> {
  const data = callData('nonces(address)', addressWord(owner));
  return uintOf(wordsOf(await endpoint.call(token, data, block.number), 1)[0] ?? '');
}

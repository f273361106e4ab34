/**
 * Transactions of the person's own accounts, signed in the wallet's worker. A page says what is to
 * be done; contract, chain and the bytes that are signed follow from the deployment that the
 * wallet adopted, so that no page can have another contract called. Loaded when it is first needed.
 */

import { Interface } from 'ethers/abi';
import { SigningKey } from 'ethers/crypto';
import { TypedDataEncoder } from 'ethers/hash';
import { computeAddress, Transaction } from 'ethers/transaction';

import type { Bytes } from '../bytes/bytes.ts';
import { addressBytes, amountOf, wholeNumber, wordText } from './claims.ts';
import { fail } from './failure.ts';
import type { AccountAction, Deployment, GasTerms, SignedTransaction } from './protocol.ts';

const CALLS = new Interface([
  'function transfer(address,uint256)',
  'function permit(address,address,uint256,uint256,uint8,bytes32,bytes32)',
  'function transferFrom(address,address,uint256)',
  'function claim(uint256,uint256,address,address,uint256,uint256[8])',
]);

/** Fields of the statement by which an owner lets a spender move tokens (EIP-2612). */
const PERMIT = {
  Permit: [
    { name: 'owner', type: 'address' },
    { name: 'spender', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'nonce', type: 'uint256' },
    { name: 'deadline', type: 'uint256' },
  ],
};
/** Most characters of a text of the token's domain. */
const MAX_DOMAIN_TEXT = 64;
/** Most gas of a transaction: no block has more. */
const MAX_GAS = 30_000_000;
const PROOF_COORDINATES = 8;

/** Keys that a transaction may need; each is overwritten by whoever gave it. */
export interface Keys {
  /** Key of the account that sends. */
  sender: Bytes;
  /** Key of the account whose tokens are moved by a permit. */
  owner?: Bytes;
}

/** Returns the address of a private key, in lower case. */
export function addressOfKey(key: Bytes): string {
  return computeAddress(new SigningKey(key)).toLowerCase();
}

/** Signs the transaction of an action. Refuses forms that no action has. */
export function signAction(
  keys: Keys,
  deployment: Deployment,
  action: AccountAction,
  terms: GasTerms,
): SignedTransaction {
  const key = new SigningKey(keys.sender);
  const from = computeAddress(key).toLowerCase();
  const transaction = Transaction.from({
    type: 2,
    chainId: deployment.chainId,
    ...effectOf(keys, from, deployment, action),
    ...termsOf(terms),
  });
  transaction.signature = key.sign(transaction.unsignedHash);
  const { serialized, hash } = transaction;
  if (hash === null) return fail({ code: 'internal' });
  return { raw: serialized, hash, from, nonce: transaction.nonce };
}

function termsOf({ nonce, gasLimit, maxFeePerGas, maxPriorityFeePerGas }: GasTerms) {
  const isTooMuch = wholeNumber(gasLimit) > MAX_GAS;
  const [fee, tip] = [amountOf(maxFeePerGas), amountOf(maxPriorityFeePerGas)];
  if (isTooMuch || tip > fee) return fail({ code: 'not-understood' });
  return { nonce: wholeNumber(nonce), gasLimit, maxFeePerGas: fee, maxPriorityFeePerGas: tip };
}

/** Returns the receiver of a transaction, the coin that it moves, and the data of its call. */
function effectOf(keys: Keys, sender: string, deployment: Deployment, action: AccountAction) {
  if (action.kind === 'coin') {
    return { to: recipient(action.to), value: amountOf(action.amount), data: '0x' };
  }
  const to = action.kind === 'claim' ? deployment.distributor : deployment.token;
  return { to, value: 0n, data: dataOf(keys, sender, deployment, action) };
}

function dataOf(
  keys: Keys,
  sender: string,
  deployment: Deployment,
  action: Exclude<AccountAction, { kind: 'coin' }>,
): string {
  switch (action.kind) {
    case 'transfer':
      return CALLS.encodeFunctionData('transfer', [recipient(action.to), amountOf(action.amount)]);
    case 'permit':
      return permitData(keys, sender, deployment, action);
    case 'move': {
      const owner = addressOfKey(ownerKey(keys));
      const parts = [owner, recipient(action.to), amountOf(action.amount)];
      return CALLS.encodeFunctionData('transferFrom', parts);
    }
    case 'claim': {
      const { epoch, nullifierHash, feeRecipient, fee, proof } = action.claim;
      if (proof.length !== PROOF_COORDINATES) return fail({ code: 'not-understood' });
      return CALLS.encodeFunctionData('claim', [
        wholeNumber(epoch),
        wordText(nullifierHash),
        recipient(action.claim.recipient),
        recipient(feeRecipient),
        amountOf(fee),
        proof.map(wordText),
      ]);
    }
  }
}

function permitData(
  keys: Keys,
  spender: string,
  { chainId, token }: Deployment,
  { amount, permitNonce, deadline, domain }: AccountAction & { kind: 'permit' },
): string {
  const key = new SigningKey(ownerKey(keys));
  const owner = computeAddress(key).toLowerCase();
  const { name, version } = domain;
  if (![name, version].every((it) => typeof it === 'string' && it.length <= MAX_DOMAIN_TEXT)) {
    return fail({ code: 'not-understood' });
  }
  const value = amountOf(amount);
  const until = wholeNumber(deadline);
  const digest = TypedDataEncoder.hash(
    { name, version, chainId, verifyingContract: token },
    PERMIT,
    { owner, spender, value, nonce: amountOf(permitNonce), deadline: until },
  );
  const { v, r, s } = key.sign(digest);
  return CALLS.encodeFunctionData('permit', [owner, spender, value, until, v, r, s]);
}

function ownerKey({ owner }: Keys): Bytes {
  return owner ?? fail({ code: 'not-understood' });
}

/** Returns an address that was checked for its form. */
function recipient(text: string): string {
  addressBytes(text);
  return text;
}

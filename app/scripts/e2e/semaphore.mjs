// Claims as a phone sent them, before the verifier that others use: npm `@semaphore-protocol/proof`.

import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AbiCoder, keccak256 } from 'ethers';

import { ROOT } from '../sources.mjs';

/** Longest time for the judgement of a claim, on a machine that is busy. */
const LIMIT_MS = 240_000;
const SCRIPTS = join(ROOT, '../crates/client/tests/js');

/** Returns the word that `hashToField` is applied to: the hash of a text and of what it binds. */
function wordOf(domain, types, values) {
  const preimage = AbiCoder.defaultAbiCoder().encode(['string', ...types], [domain, ...values]);
  return BigInt(keccak256(preimage)).toString();
}

/** Returns a claim of the current epoch as npm `@semaphore-protocol/proof` writes it (IDENT-4). */
export async function inSemaphoresForm(claim, demo) {
  const { chainId, distributor } = await demo.get('/v1/config');
  const current = await demo.get('/v1/epochs/current');
  const { epoch, recipient, feeRecipient, fee, nullifierHash, proof } = claim;
  if (epoch !== current.epoch) throw new Error(`the claim is for epoch ${epoch}, not ${current.epoch}`);
  const decimal = (hex) => BigInt(hex).toString();
  const scope = [['uint256', 'address', 'uint256'], [chainId, distributor, epoch]];
  const payment = [['address', 'address', 'uint256'], [recipient, feeRecipient, fee]];
  return {
    merkleTreeRoot: decimal(current.root),
    nullifierHash: decimal(nullifierHash),
    signal: wordOf('annona.signal.v1', ...payment),
    externalNullifier: wordOf('annona.claim.v1', ...scope),
    proof: proof.map(decimal),
  };
}

/**
 * Has the npm package judge a claim, as it is and with each of its numbers changed, in a process of
 * its own. Returns the counts of `judge.mjs`.
 */
export function judgedByOthers(claim, folder) {
  if (!existsSync(join(SCRIPTS, 'node_modules'))) {
    throw new Error('the npm verifier is not installed: run cargo xtask setup');
  }
  const file = join(folder, 'claim.json');
  writeFileSync(file, JSON.stringify(claim));
  return new Promise((resolve, reject) => {
    const verifier = [join(SCRIPTS, 'verify.mjs'), file];
    execFile(process.execPath, verifier, { timeout: LIMIT_MS }, (error, printed, complaints) => {
      if (printed.startsWith('{')) resolve(JSON.parse(printed));
      else reject(error ?? new Error(complaints));
    });
  });
}

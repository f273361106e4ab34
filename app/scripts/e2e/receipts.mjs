// Receipts as a service signs them (docs/spec/relay-receipts.md), and their audit by the program.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';

const hash = (data) => keccak_256(typeof data === 'string' ? Buffer.from(data) : data);
const word = (value) => Buffer.from(BigInt(value).toString(16).padStart(64, '0'), 'hex');
const DOMAIN =
  'EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)';
const RECEIPT =
  'ClaimReceipt(uint256 nullifierHash,uint256 epoch,address recipient,address feeRecipient,uint256 fee,uint256 root,uint64 takenAt,uint64 deadline)';

/** Signs a receipt with the key of the demo's service. */
export function signReceipt(demo, fields) {
  const deployment = JSON.parse(readFileSync(join(demo.files, 'deployment.json'), 'utf8'));
  const key = readFileSync(join(demo.files, 'receipt.key'), 'utf8').trim().replace(/^0x/, '');
  const { chainId, distributor } = deployment;
  const domain = [...[DOMAIN, 'Annona', '2'].map(hash), word(chainId), word(distributor)];
  const { nullifierHash, epoch, recipient, feeRecipient, fee, root, takenAt, deadline } = fields;
  const values = [nullifierHash, epoch, recipient, feeRecipient, fee, root, takenAt, deadline];
  const struct = hash(Buffer.concat([hash(RECEIPT), ...values.map(word)]));
  const digest = hash(Buffer.concat([Buffer.from([0x19, 1]), hash(Buffer.concat(domain)), struct]));
  const options = { prehash: false, format: 'recovered' };
  const [parity, ...rest] = secp256k1.sign(digest, Buffer.from(key, 'hex'), options);
  const signature = `0x${Buffer.from([...rest, 27 + parity]).toString('hex')}`;
  const terms = { nullifierHash, epoch, recipient, feeRecipient, fee, root };
  return { ...terms, takenAt, deadline, signature };
}

/** Presses a button that saves a file, and returns where the file is. */
export async function save(phone, name) {
  const download = phone.page.waitForEvent('download');
  await phone.press(name);
  const file = await download;
  const path = join(phone.folder, file.suggestedFilename());
  await file.saveAs(path);
  return path;
}

/** Has the program hold a receipt against the chain: its verdict, and its exit code. */
export async function auditReceipt(demo, file) {
  const words = ['audit', '--json', '--rpc-url', demo.chain, '--receipt', file];
  const deployment = ['--deployment', join(demo.files, 'deployment.json')];
  return new Promise((resolve) => {
    execFile(demo.program, [...words, ...deployment], (error, output, problem) => {
      const standing = /"standing":\s*"([^"]+)"/.exec(output)?.[1] ?? `${output}${problem}`;
      resolve({ code: error?.code ?? 0, standing });
    });
  });
}

import { createHash } from 'node:crypto';

import { poseidon1 } from 'poseidon-lite/poseidon1';
import { poseidon2 } from 'poseidon-lite/poseidon2';

import { toHex, type Bytes } from '../../bytes/bytes.ts';
import type { DeriveCommitment } from '../card.ts';

const SCALAR_MODULUS =
  21888242871839275222246405745257275088548364400416034343698204186575808495617n;

const sha256 = (data: Uint8Array | string) => createHash('sha256').update(data).digest('hex');

/** Derives a commitment as docs/spec/identity.md says, with the Poseidon hash of others. */
export const deriveCommitment: DeriveCommitment = (secret) => {
  const seed = sha256(secret);
  const element = (name: string) => BigInt(`0x${sha256(seed + name)}`) % SCALAR_MODULUS;
  const hashed = poseidon2([element('identity_nullifier'), element('identity_trapdoor')]);
  const digits = poseidon1([hashed]).toString(16).padStart(64, '0');
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
};

/** Secret and commitment of the vector that the Rust code is held to. */
export const FROZEN = {
  secret: Uint8Array.from({ length: 32 }, (_, place) => place),
  commitment: '213d316bc3bbd5ebd4e1a46f1c5c7c64bc0a762f9c834b429b0b448ad508e4c2',
};

export const commitmentText = (secret: Bytes) => toHex(deriveCommitment(secret));

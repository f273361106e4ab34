import { argon2id } from 'hash-wasm';

import type { Bytes } from '../bytes/bytes.ts';
import { KEY_BYTES } from './sealing.ts';

/** Cost of Argon2id (RFC 9106); part of the record, so that later versions may raise it. */
export interface Argon2Cost {
  memoryKib: number;
  iterations: number;
  parallelism: number;
}

/** Cost of new records: the second recommendation of RFC 9106, with one lane for one worker. */
export const COST: Argon2Cost = { memoryKib: 65_536, iterations: 3, parallelism: 1 };

/** Least and greatest cost that is read from a record: neither a giveaway nor a frozen phone. */
const LEAST: Argon2Cost = { memoryKib: 8_192, iterations: 1, parallelism: 1 };
const GREATEST: Argon2Cost = { memoryKib: 1_048_576, iterations: 16, parallelism: 4 };

/** Returns whether a cost lies within the limits. */
export function isReasonable(cost: Argon2Cost): boolean {
  return (Object.keys(LEAST) as (keyof Argon2Cost)[]).every(
    (part) =>
      Number.isInteger(cost[part]) && cost[part] >= LEAST[part] && cost[part] <= GREATEST[part],
  );
}

/** Stretches a PIN to the bytes of a key. */
export async function stretchPin(pin: string, salt: Bytes, cost: Argon2Cost): Promise<Bytes> {
  const stretched = await argon2id({
    password: pin,
    salt,
    memorySize: cost.memoryKib,
    iterations: cost.iterations,
    parallelism: cost.parallelism,
    hashLength: KEY_BYTES,
    outputType: 'binary',
  });
  return new Uint8Array(stretched);
}

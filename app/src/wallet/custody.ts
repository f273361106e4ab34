/**
 * Custody package: both irises with the salts of their commitments, and the orb's statement,
 * encrypted for the key of a visit (docs/spec/zkml.md). Loaded when it is first needed.
 */

import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core';

import { areEqual, concat, fromHex, toHex, utf8, type Bytes } from '../bytes/bytes.ts';
import { addressBytes, hexText } from './claims.ts';
import { fail } from './failure.ts';
import { ModuleRefusal, uint64, type Module } from './module.ts';
import type { OrbStatement, PackageProblem } from './protocol.ts';
import type { Visit, VisitKey } from './visit.ts';

/** Longest sealed package that is read, in bytes. */
export const MAX_SEALED_BYTES = 36_864;

/** First bytes of a sealed package, which name its form; also HPKE's associated data. */
const MAGIC = utf8('annona custody 1');
/** Beginning of HPKE's `info`. */
const INFO_DOMAIN = utf8('annona.custody.v1');
/** Bytes of the encapsulated key: a point of P-256 without compression. */
const ENCAPSULATED_BYTES = 65;
const WORD_BYTES = 32;
const SIGNATURE_BYTES = 65;
const SALTS_BYTES = 2 * WORD_BYTES;
const BYTE_BITS = 8;
const FORMAT = 'annona-iris-package-1';
const EYES = ['left', 'right'] as const;

const SUITE = new CipherSuite({
  kem: new DhkemP256HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});

/** Visit that a package must be for, with the key that decrypts it. */
export interface CustodyVisit extends Visit {
  nonce: string;
  key: VisitKey;
}

/** Eye of a package: its part of the contents, and the layout of its iris. */
interface CheckedEye {
  part: Bytes;
  layout: Bytes;
}

/** Package that was checked (ZKML-16). The eyes are views of its contents and end with them. */
export interface CheckedPackage {
  statement: OrbStatement;
  left: CheckedEye;
  right: CheckedEye;
}

const refuse = (problem: PackageProblem): never => fail({ code: 'package-refused', problem });

/** Decrypts a package for a visit (ZKML-17). The caller overwrites the contents with zeros after use. */
export async function openPackage(visit: CustodyVisit, sealed: Bytes): Promise<Bytes> {
  const start = MAGIC.length + ENCAPSULATED_BYTES;
  const isOfForm =
    sealed.length > start &&
    sealed.length <= MAX_SEALED_BYTES &&
    areEqual(sealed.subarray(0, MAGIC.length), MAGIC);
  if (!isOfForm) return refuse('damaged');
  const { opening: privateKey, publicKey: point } = visit.key;
  const curve = { name: 'ECDH', namedCurve: 'P-256' } as const;
  const publicKey = await crypto.subtle.importKey('raw', point, curve, true, []);
  const info = concat(
    INFO_DOMAIN,
    uint64(visit.chainId),
    addressBytes(visit.orbRegistry),
    fromHex(visit.commitment),
    fromHex(visit.nonce),
  );
  try {
    const recipient = await SUITE.createRecipientContext({
      recipientKey: { privateKey, publicKey },
      enc: sealed.slice(MAGIC.length, start),
      info,
    });
    return new Uint8Array(await recipient.open(sealed.slice(start), MAGIC));
  } catch {
    return refuse('not-for-this-visit');
  }
}

/**
 * Checks the contents of a package against its visit and the commitments in it (ZKML-16). A package
 * that is kept here was held against the commitment when it came.
 */
export function checkPackage(
  contents: Bytes,
  visit: { nonce: string; commitment?: string },
  module: Module,
): CheckedPackage {
  const { statement, eyes } = readContents(contents);
  const { nonce, commitment = statement.commitment } = visit;
  if (statement.commitment !== commitment || statement.nonce !== nonce) {
    return refuse('other-visit');
  }
  const check = (index: 0 | 1) => checkEye(eyes[index], index, statement, module);
  return { statement, left: check(0), right: check(1) };
}

/** Writes the files of both eyes, in the form that `annona zkml prove` reads. They are secret. */
export function filesOf({ left, right }: CheckedPackage): { left: string; right: string } {
  return { left: fileOf('left', left), right: fileOf('right', right) };
}

/** Reads the contents part by part. */
function readContents(contents: Bytes): { statement: OrbStatement; eyes: [Bytes, Bytes] } {
  let place = 0;
  const take = (count: number): Bytes => {
    const part = contents.subarray(place, (place += count));
    return part.length === count ? part : refuse('damaged');
  };
  const word = () => hexText(take(WORD_BYTES));
  const about = { commitment: word(), irisDigest: word(), imageDigest: word(), modelId: word() };
  const kind = take(1)[0] ?? 0;
  if (kind > 1) return refuse('damaged');
  const capturedAt = Number(new DataView(take(8).slice().buffer).getBigUint64(0));
  const statement: OrbStatement = {
    ...about,
    kind: kind === 0 ? 'new' : 'recovery',
    capturedAt,
    nonce: word(),
    leftImageCommitment: word(),
    rightImageCommitment: word(),
    leftCodeCommitment: word(),
    rightCodeCommitment: word(),
    signature: hexText(take(SIGNATURE_BYTES)),
  };
  const half = (contents.length - place) / 2;
  if (!Number.isSafeInteger(capturedAt) || !Number.isInteger(half) || half <= SALTS_BYTES) {
    return refuse('damaged');
  }
  return { statement, eyes: [take(half), take(half)] };
}

/** Checks that an eye opens its commitments. */
function checkEye(
  part: Bytes,
  index: 0 | 1,
  statement: OrbStatement,
  module: Module,
): CheckedEye {
  const answer = commitmentsOf(part, index, statement.modelId, module);
  const name = EYES[index];
  const isSigned =
    hexText(answer.slice(0, WORD_BYTES)) === statement[`${name}ImageCommitment`] &&
    hexText(answer.slice(WORD_BYTES, SALTS_BYTES)) === statement[`${name}CodeCommitment`];
  return isSigned ? { part, layout: answer.slice(SALTS_BYTES) } : refuse('not-what-was-signed');
}

function commitmentsOf(eye: Bytes, index: number, modelId: string, module: Module): Bytes {
  const model = fromHex(modelId);
  try {
    return module.call('irisCommitments', model, new Uint8Array([index]), eye);
  } catch (error) {
    if (!(error instanceof ModuleRefusal)) throw error;
    switch (error.reason) {
      case 'unknown-model':
        return refuse('unknown-model');
      case 'malformed':
      case 'out-of-range':
        return refuse('damaged');
      default:
        return fail({ code: 'internal' });
    }
  }
}

/** Writes the file of an eye, as `IrisPackage` in `crates/zkml` reads it. */
function fileOf(eye: (typeof EYES)[number], { part, layout }: CheckedEye): string {
  const view = new DataView(layout.buffer);
  const [width, height] = [view.getUint16(0), view.getUint16(2)];
  const noiseBlockColumns = layout[5] ?? 1;
  const pixels = part.subarray(SALTS_BYTES, SALTS_BYTES + width * height);
  const packed = part.subarray(SALTS_BYTES + width * height);
  const noise = Uint8Array.from(
    { length: (width * height) / noiseBlockColumns },
    (_, place) => ((packed[Math.floor(place / BYTE_BITS)] ?? 0) >> place % BYTE_BITS) & 1,
  );
  const file = {
    format: FORMAT,
    eye,
    width,
    height,
    pixel_bits: layout[4],
    noise_block_columns: noiseBlockColumns,
    pixels: toHex(pixels),
    noise: toHex(noise),
    image_salt: hexText(part.subarray(0, WORD_BYTES)),
    code_salt: hexText(part.subarray(WORD_BYTES, SALTS_BYTES)),
  };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

import { createPublicKey, ECDH, verify } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { fromBase32 } from '../bytes/base32.ts';
import { fromHex, randomBytes } from '../bytes/bytes.ts';
import { VISIT_RENEW_SECS } from './protocol.ts';
import { Device } from './testing/surroundings.ts';
import { drawVisitKey, signRequest, visitText, type Visit } from './visit.ts';

const VISIT: Visit = {
  kind: 'new',
  chainId: 31_337,
  orbRegistry: `0x${'03'.repeat(20)}`,
  commitment: `0x${'07'.repeat(32)}`,
};
const NOW = 1_700_000_000;

/** Makes a code of a visit with a key of its own. */
async function code(visit: Visit = VISIT, now = NOW) {
  const [key, nonce] = [await drawVisitKey(), randomBytes(32)];
  return { key, nonce, text: await visitText(visit, key, nonce, now) };
}

/** Checks a signature by a compressed key, with the cryptography of Node. */
function isSignedBy(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const point = ECDH.convertKey(publicKey, 'prime256v1', undefined, undefined, 'uncompressed');
  const part = (from: number, to: number) =>
    (point as Buffer).subarray(from, to).toString('base64url');
  const key = createPublicKey({
    format: 'jwk',
    key: { kty: 'EC', crv: 'P-256', x: part(1, 33), y: part(33, 65) },
  });
  return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

/** Reads a code as an orb does, with the cryptography of Node. */
function read(text: string) {
  const bytes = Buffer.from(fromBase32(text.slice('ANNONA-VISIT-1:'.length))!);
  const body = bytes.subarray(0, -64);
  const publicKey = body.subarray(102);
  const isSigned = (message: Buffer) =>
    isSignedBy(
      publicKey,
      Buffer.concat([Buffer.from('annona visit\0'), message]),
      bytes.subarray(-64),
    );
  return {
    bytes,
    body,
    isSigned,
    version: body[0],
    kind: body[1],
    chainId: body.readBigUInt64BE(2),
    orbRegistry: body.subarray(10, 30),
    commitment: body.subarray(30, 62),
    nonce: body.subarray(62, 94),
    issuedAt: body.readBigUInt64BE(94),
    publicKey,
  };
}

describe('the code of a visit', () => {
  it('says what an orb needs, signed by the key of the visit', async () => {
    const { text, nonce } = await code();
    const seen = read(text);
    expect(seen).toMatchObject({ version: 1, kind: 0, chainId: 31_337n, issuedAt: BigInt(NOW) });
    expect(seen.orbRegistry.toString('hex')).toBe('03'.repeat(20));
    expect(seen.commitment.toString('hex')).toBe('07'.repeat(32));
    expect([...seen.nonce]).toEqual([...nonce]);
    expect(seen.publicKey).toHaveLength(33);
    expect(seen.isSigned(seen.body)).toBe(true);
    expect(read((await code({ ...VISIT, kind: 'recovery' })).text).kind).toBe(1);
  });

  it('is nobody’s when any byte is changed', async () => {
    const seen = read((await code()).text);
    for (let place = 0; place < 102; place += 1) {
      const changed = Buffer.from(seen.body);
      changed[place]! ^= 1;
      expect(seen.isSigned(changed)).toBe(false);
    }
  });

  it('is made for whole statements only', async () => {
    await expect(code({ ...VISIT, orbRegistry: '0x03' })).rejects.toThrow();
  });
});

describe('the key of a visit', () => {
  it('signs and decrypts, and cannot be read out', async () => {
    const { signing, opening } = await drawVisitKey();
    for (const key of [signing, opening]) {
      expect(key.extractable).toBe(false);
      for (const format of ['pkcs8', 'jwk'] as const) {
        await expect(crypto.subtle.exportKey(format, key)).rejects.toThrow();
      }
    }
    expect([signing.usages, opening.usages]).toEqual([['sign'], ['deriveBits']]);
  });

  it('signs requests for one deployment, one nonce and one deed (ENROL-22)', async () => {
    const { key, nonce, text } = await code();
    const message = (number: number) =>
      Buffer.concat([
        Buffer.from('annona custody\0'),
        Buffer.from([number, 0, 0, 0, 0, 0, 0, 0x7a, 0x69]),
        Buffer.from('03'.repeat(20), 'hex'),
        nonce,
      ]);
    const { publicKey } = read(text);
    for (const [number, deed] of (['collect', 'confirm'] as const).entries()) {
      const signature = await signRequest(VISIT, key, nonce, deed);
      expect(signature).toHaveLength(64);
      expect(isSignedBy(publicKey, message(number), signature)).toBe(true);
      expect(isSignedBy(publicKey, message(1 - number), signature)).toBe(false);
    }
  });
});

describe('a wallet before an orb', () => {
  const DEPLOYMENT = {
    chainId: 31_337,
    distributor: `0x${'2'.repeat(40)}`,
    registry: `0x${'1'.repeat(40)}`,
    orbRegistry: `0x${'3'.repeat(40)}`,
    token: `0x${'4'.repeat(40)}`,
  };

  it('shows codes of the own identity and the adopted deployment, and of nothing else', async () => {
    const wallet = await new Device().tab();
    await wallet.create({ pin: '839201' }, () => undefined);
    await expect(wallet.beginVisit({ kind: 'new' })).rejects.toThrow('no-deployment');
    await wallet.adopt({ deployment: DEPLOYMENT });
    await expect(wallet.visitCode({ now: NOW })).rejects.toThrow('not-asked');
    await wallet.beginVisit({ kind: 'recovery' });
    const first = await wallet.visitCode({ now: NOW });
    const second = await wallet.visitCode({ now: first.renewAt });
    expect(first.renewAt).toBe(NOW + VISIT_RENEW_SECS);
    const [one, other] = [read(first.text), read(second.text)];
    const { commitment } = await wallet.commitment();
    expect([...one.commitment]).toEqual([...fromHex(commitment)]);
    expect([...one.orbRegistry]).toEqual([...fromHex(DEPLOYMENT.orbRegistry)]);
    expect([...one.nonce]).toEqual([...fromHex(first.nonce)]);
    expect(other.publicKey).toEqual(one.publicKey);
    expect(second.nonce).not.toBe(first.nonce);
    await wallet.beginVisit({ kind: 'new' });
    const another = read((await wallet.visitCode({ now: NOW })).text);
    expect(another.publicKey).not.toEqual(one.publicKey);
    expect([one.kind, another.kind]).toEqual([1, 0]);
    await wallet.lock();
    await expect(wallet.visitCode({ now: NOW })).rejects.toThrow();
  });
});

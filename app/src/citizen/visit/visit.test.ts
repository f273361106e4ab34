import { createPublicKey, ECDH, verify } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { fromBase32 } from '../../bytes/base32.ts';
import { drawQr } from '../../ui/qr.ts';
import { RENEW_SECS, VisitSession, type Visit } from './visit.ts';

const VISIT: Visit = {
  kind: 'new',
  chainId: 31_337,
  orbRegistry: new Uint8Array(20).fill(3),
  commitment: new Uint8Array(32).fill(7),
};
const NOW = 1_700_000_000;

/** Reads a code as an orb does, with the cryptography of Node. */
function read(text: string) {
  const bytes = Buffer.from(fromBase32(text.slice('ANNONA-VISIT-1:'.length))!);
  const body = bytes.subarray(0, -64);
  const publicKey = body.subarray(102);
  const point = ECDH.convertKey(publicKey, 'prime256v1', undefined, undefined, 'uncompressed');
  const part = (from: number, to: number) =>
    (point as Buffer).subarray(from, to).toString('base64url');
  const key = createPublicKey({
    format: 'jwk',
    key: { kty: 'EC', crv: 'P-256', x: part(1, 33), y: part(33, 65) },
  });
  const isSigned = (message: Buffer) =>
    verify(
      'sha256',
      Buffer.concat([Buffer.from('annona visit\0'), message]),
      { key, dsaEncoding: 'ieee-p1363' },
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
    const session = await VisitSession.begin(VISIT);
    const code = await session.code(NOW);
    const seen = read(code.text);
    expect(seen).toMatchObject({ version: 1, kind: 0, chainId: 31_337n, issuedAt: BigInt(NOW) });
    expect([...seen.orbRegistry]).toEqual([...VISIT.orbRegistry]);
    expect([...seen.commitment]).toEqual([...VISIT.commitment]);
    expect([...seen.nonce]).toEqual([...code.nonce]);
    expect(seen.publicKey).toHaveLength(33);
    expect(seen.isSigned(seen.body)).toBe(true);
  });

  it('is nobody’s when any byte is changed', async () => {
    const seen = read((await (await VisitSession.begin(VISIT)).code(NOW)).text);
    for (let place = 0; place < 102; place += 1) {
      const changed = Buffer.from(seen.body);
      changed[place]! ^= 1;
      expect(seen.isSigned(changed)).toBe(false);
    }
  });

  it('renews itself with another nonce and the same key', async () => {
    const session = await VisitSession.begin({ ...VISIT, kind: 'recovery' });
    const first = await session.code(NOW);
    const second = await session.code(first.renewAt);
    expect(first.renewAt).toBe(NOW + RENEW_SECS);
    expect(read(second.text).kind).toBe(1);
    expect([...second.nonce]).not.toEqual([...first.nonce]);
    expect(read(second.text).publicKey).toEqual(read(first.text).publicKey);
    const other = await (await VisitSession.begin(VISIT)).code(NOW);
    expect(read(other.text).publicKey).not.toEqual(read(first.text).publicKey);
  });

  it('fits a QR code that a cheap camera reads', async () => {
    const { text } = await (await VisitSession.begin(VISIT)).code(NOW);
    // Version 15 has 77 modules a side; the quiet zone is 8 more.
    expect(drawQr(text).side).toBeLessThanOrEqual(77 + 8);
  });

  it('is made for whole statements only', async () => {
    const short = new Uint8Array(19);
    await expect(VisitSession.begin({ ...VISIT, orbRegistry: short })).rejects.toThrow();
    await expect(VisitSession.begin({ ...VISIT, commitment: short })).rejects.toThrow();
    await expect(VisitSession.begin({ ...VISIT, chainId: 0.5 })).rejects.toThrow();
  });
});

import { openDB } from 'idb';
import { beforeAll, describe, expect, it } from 'vitest';

import { fromHex, toHex, type Bytes } from '../bytes/bytes.ts';
import { checkPackage, filesOf, openPackage, type CustodyVisit } from './custody.ts';
import { Module } from './module.ts';
import type { PackageRequest } from './protocol.ts';
import { WalletStorage } from './storage.ts';
import { compiledModule, Device, fileBytes } from './testing/surroundings.ts';
import type { Wallet } from './wallet.ts';

/** Package that the Rust code sealed, with the key that opens it (`crates/zkml/tests/custody.json`). */
interface Frozen {
  visitSecret: string;
  chainId: number;
  orbRegistry: string;
  commitment: string;
  nonce: string;
  sealed: string;
  left: string;
  right: string;
}

const PIN = '839201';
const DAY_SECS = 86_400;
const MAGIC_BYTES = 16;
/** Bytes of statement and signature, and of the salts of an eye. */
const STATEMENT_BYTES = 32 * 9 + 1 + 8 + 65;

let frozen: Frozen;
let visit: CustodyVisit;
let sealed: Bytes;
let module: Module;

beforeAll(async () => {
  const text = new TextDecoder().decode(await fileBytes('crates/zkml/tests/custody.json'));
  frozen = JSON.parse(text) as Frozen;
  sealed = fromHex(frozen.sealed);
  module = await Module.of(await compiledModule());
  const { chainId, orbRegistry, commitment, nonce } = frozen;
  const key = await keyOf(frozen.visitSecret);
  visit = { kind: 'recovery', chainId, orbRegistry, commitment, nonce, key };
});

/** Imports a private key of P-256 as the wallet has it. */
async function keyOf(secret: string): Promise<CustodyVisit['key']> {
  // PKCS #8 (RFC 5208) of a key of P-256 without its public half.
  const start = '3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420';
  const bytes = fromHex(start + secret.slice(2));
  const [signs, decrypts] = ['ECDSA', 'ECDH'].map((name) => ({ name, namedCurve: 'P-256' }));
  const readable = await crypto.subtle.importKey('pkcs8', bytes, signs!, true, ['sign']);
  const { x = '', y = '' } = await crypto.subtle.exportKey('jwk', readable);
  const part = (text: string) => Buffer.from(text, 'base64url');
  return {
    signing: await crypto.subtle.importKey('pkcs8', bytes, signs!, false, ['sign']),
    opening: await crypto.subtle.importKey('pkcs8', bytes, decrypts!, false, ['deriveBits']),
    publicKey: new Uint8Array([4, ...part(x), ...part(y)]),
  };
}

const changed = (bytes: Bytes, place: number): Bytes => {
  const copy = bytes.slice();
  copy[place]! ^= 1;
  return copy;
};
const refusal = (problem: string) =>
  expect.objectContaining({ failure: { code: 'package-refused', problem } });

describe('a package that an orb sealed', () => {
  it('opens by the key of its visit, and its eyes are what the Rust code writes', async () => {
    const contents = await openPackage(visit, sealed);
    const checked = checkPackage(contents, visit, module);
    expect(filesOf(checked)).toEqual({ left: frozen.left, right: frozen.right });
    expect(checked.statement).toMatchObject({
      commitment: frozen.commitment,
      nonce: frozen.nonce,
      kind: 'recovery',
      capturedAt: 1_700_000_000,
    });
  });

  it('is refused with any byte changed (ZKML-17)', async () => {
    for (let place = 0; place < sealed.length; place += 1) {
      const problem = place < MAGIC_BYTES ? 'damaged' : 'not-for-this-visit';
      await expect(openPackage(visit, changed(sealed, place)), String(place)).rejects.toEqual(
        refusal(problem),
      );
    }
    for (const cut of [0, 10, 81]) {
      await expect(openPackage(visit, sealed.slice(0, cut))).rejects.toEqual(refusal('damaged'));
    }
    const long = new Uint8Array(40_961);
    long.set(sealed);
    await expect(openPackage(visit, long)).rejects.toEqual(refusal('damaged'));
  });

  it('is refused for another deployment, commitment, nonce or key (ZKML-17)', async () => {
    const others: CustodyVisit[] = [
      { ...visit, chainId: 1 },
      { ...visit, orbRegistry: `0x${'08'.repeat(20)}` },
      { ...visit, commitment: `0x${'06'.repeat(32)}` },
      { ...visit, nonce: `0x${'06'.repeat(32)}` },
      { ...visit, key: await keyOf(`0x${'05'.repeat(32)}`) },
    ];
    for (const other of others) {
      await expect(openPackage(other, sealed)).rejects.toEqual(refusal('not-for-this-visit'));
    }
  });

  it('is refused with any byte of its contents changed, but those that the orb’s key guards', async () => {
    const contents = await openPackage(visit, sealed);
    const check = (bytes: Bytes) => () => checkPackage(bytes, visit, module);
    // Digests, time and signature: the signature covers them, and names another orb when they change.
    const guarded = new Set([32, 64, 129, 297].flatMap((start, index) => {
      const lengths = [32, 32, 8, 65];
      return Array.from({ length: lengths[index] ?? 0 }, (_, place) => start + place);
    }));
    for (let place = 0; place < contents.length; place += 1) {
      if (guarded.has(place) || place === 128) continue;
      // Of pixels and noise some are enough: each is in the same two sums.
      if (place >= STATEMENT_BYTES + 64 && place % 11 !== 0) continue;
      expect(check(changed(contents, place)), String(place)).toThrow();
    }
    for (const length of [0, STATEMENT_BYTES, contents.length - 1]) {
      expect(check(contents.slice(0, length))).toThrow();
    }
    const longer = new Uint8Array(contents.length + 2);
    longer.set(contents);
    expect(check(longer)).toThrow();
  });

  it('names what is wrong with its contents (ZKML-16)', async () => {
    const contents = await openPackage(visit, sealed);
    const problemOf = (bytes: Bytes, about = visit) => {
      try {
        checkPackage(bytes, about, module);
        return undefined;
      } catch (error) {
        return (error as { failure: { problem: string } }).failure.problem;
      }
    };
    const with_ = (place: number) => problemOf(changed(contents, place));
    expect(with_(0)).toBe('other-visit');
    expect(with_(140)).toBe('other-visit');
    expect(with_(96)).toBe('unknown-model');
    expect(with_(169)).toBe('not-what-was-signed');
    const salt = STATEMENT_BYTES + 31;
    expect(with_(salt)).toBe('not-what-was-signed');
    expect(with_(STATEMENT_BYTES + 64)).toBe('not-what-was-signed');
    const half = (contents.length - STATEMENT_BYTES) / 2;
    const swapped = contents.slice();
    swapped.set(contents.slice(STATEMENT_BYTES + half), STATEMENT_BYTES);
    swapped.set(contents.slice(STATEMENT_BYTES, STATEMENT_BYTES + half), STATEMENT_BYTES + half);
    expect(problemOf(swapped)).toBe('not-what-was-signed');
    expect(problemOf(contents, { ...visit, commitment: `0x${'06'.repeat(32)}` })).toBe('other-visit');
  });
});

describe('a wallet with a package', () => {
  let device: Device;
  let storage: WalletStorage;

  /** Wallet whose visit is the frozen one, with the key that is no secret. */
  async function begin(): Promise<Wallet> {
    device = new Device();
    const wallet = await device.tab();
    await wallet.create({ pin: PIN }, () => undefined);
    storage = await device.storage();
    const issuedAt = Math.floor(device.nowMs / 1_000);
    const { commitment } = await wallet.commitment();
    await storage.putVisit({ ...visit, commitment: frozen.commitment, issuedAt, isTaken: false });
    expect(commitment).not.toBe(frozen.commitment);
    return wallet;
  }
  const { btoa } = globalThis;
  const base64 = (bytes: Bytes) => btoa(String.fromCharCode(...bytes));
  const nonce = () => frozen.nonce;
  const keep = (wallet: Wallet, bytes = sealed) =>
    wallet.keepPackage({ nonce: nonce(), sealed: base64(bytes) });
  const sign = (wallet: Wallet, request: PackageRequest) =>
    wallet.signPackageRequest({ nonce: nonce(), request });

  it('keeps it encrypted, and lets it be deleted elsewhere only then (ENROL-22)', async () => {
    const wallet = await begin();
    await expect(sign(wallet, 'confirm')).rejects.toThrow('no-package');
    expect((await sign(wallet, 'collect')).signature).toMatch(/^0x[0-9a-f]{128}$/);
    await keep(wallet);
    const [stored] = await storage.packages();
    const contents = await openPackage(visit, sealed);
    const pixels = toHex(contents.slice(STATEMENT_BYTES + 64, STATEMENT_BYTES + 128));
    expect(toHex(stored!.sealed)).not.toContain(pixels);
    expect(stored).toMatchObject({ isConfirmed: false });
    expect((await sign(wallet, 'confirm')).signature).toMatch(/^0x[0-9a-f]{128}$/);
    expect((await wallet.packages()).packages).toMatchObject([{ kind: 'checked' }]);
    await wallet.endPackageVisit({ nonce: nonce(), outcome: 'deleted' });
    expect(await storage.visits()).toEqual([]);
    expect((await wallet.packages()).packages).toMatchObject([{ isConfirmed: true }]);
    await expect(sign(wallet, 'collect')).rejects.toThrow('no-package');
  });

  it('keeps nothing that was changed, and goes on waiting', async () => {
    const wallet = await begin();
    expect(await keep(wallet, changed(sealed, 200))).toEqual({ problem: 'not-for-this-visit' });
    const noBase64 = await wallet.keepPackage({ nonce: nonce(), sealed: '%%%' });
    expect(noBase64).toEqual({ problem: 'damaged' });
    expect(await storage.packages()).toEqual([]);
    expect(await storage.visits()).toHaveLength(1);
    await expect(sign(wallet, 'confirm')).rejects.toThrow('no-package');
  });

  it('goes on after the tab was closed, by the key that is kept', async () => {
    await begin();
    const wallet = await device.tab();
    await expect(keep(wallet)).rejects.toThrow('locked');
    await wallet.unlock({ proof: { kind: 'pin', pin: PIN } });
    await keep(wallet);
    await keep(wallet);
    expect(await storage.packages()).toHaveLength(1);
  });

  it('shows files to whoever proves to be there, and deletes for nobody else', async () => {
    const wallet = await begin();
    await keep(wallet);
    const wrong = { kind: 'pin', pin: '839202' } as const;
    const right = { kind: 'pin', pin: PIN } as const;
    await expect(wallet.exportPackage({ proof: wrong, nonce: nonce() })).rejects.toThrow('wrong-pin');
    await expect(wallet.deletePackage({ proof: wrong, nonce: nonce() })).rejects.toThrow('wrong-pin');
    const { left, right: other } = await wallet.exportPackage({ proof: right, nonce: nonce() });
    expect([left, other]).toEqual([frozen.left, frozen.right]);
    await wallet.deletePackage({ proof: right, nonce: nonce() });
    expect(await storage.packages()).toEqual([]);
    expect(await storage.visits()).toEqual([]);
    await expect(wallet.exportPackage({ proof: right, nonce: nonce() })).rejects.toThrow('no-package');
  });

  it('tells of one that was damaged on the device, and believes nothing in it', async () => {
    const wallet = await begin();
    await keep(wallet);
    const [stored] = await storage.packages();
    await storage.putPackage({ ...stored!, sealed: changed(stored!.sealed, 40) });
    expect((await wallet.packages()).packages).toMatchObject([
      { kind: 'unreadable', problem: 'damaged' },
    ]);
  });

  it('tells when a service has lost what nobody fetched in time', async () => {
    const wallet = await begin();
    const { commitment } = await wallet.commitment();
    const [stored] = await storage.visits();
    await storage.putVisit({ ...stored!, commitment });
    const visits = async () => (await wallet.packageVisits()).visits;
    expect(await visits()).toEqual([]);
    await wallet.takeVisit({ nonce: nonce() });
    expect(await visits()).toEqual([{ nonce: nonce(), step: 'collect', isLate: false }]);
    const giveUp = () => wallet.endPackageVisit({ nonce: nonce(), outcome: 'given-up' });
    await expect(giveUp()).rejects.toThrow('not-understood');
    device.passSecs(8 * DAY_SECS);
    await wallet.unlock({ proof: { kind: 'pin', pin: PIN } });
    expect(await visits()).toMatchObject([{ step: 'collect', isLate: true }]);
    await giveUp();
    expect(await visits()).toMatchObject([{ step: 'given-up' }]);
    expect((await storage.visits())[0]).not.toHaveProperty('key');
  });

  it('finds the identity of a version that kept no packages', async () => {
    device = new Device();
    const before = await openDB('annona-wallet', 2, {
      upgrade: (tables) => {
        for (const name of ['vault', 'keys', 'attempts', 'deployment']) {
          tables.createObjectStore(name);
        }
        tables.createObjectStore('replaced', { autoIncrement: true });
      },
    });
    await before.put('vault', { format: 'annona-vault-2' }, 'record');
    before.close();
    storage = await device.storage();
    expect(await storage.record()).toEqual({ format: 'annona-vault-2' });
    expect(await storage.packages()).toEqual([]);
    expect(await storage.visits()).toEqual([]);
  });

  it('forgets keys of codes that no orb has read', async () => {
    const wallet = await begin();
    const deployment = {
      chainId: frozen.chainId,
      orbRegistry: frozen.orbRegistry,
      distributor: `0x${'2'.repeat(40)}`,
      registry: `0x${'1'.repeat(40)}`,
      token: `0x${'4'.repeat(40)}`,
    };
    await wallet.adopt({ deployment });
    const stored = async () => (await storage.visits()).map((it) => it.nonce);
    await wallet.beginVisit({ kind: 'new' });
    expect(await stored()).toEqual([nonce()]);
    device.passSecs(2 * DAY_SECS);
    await wallet.unlock({ proof: { kind: 'pin', pin: PIN } });
    await wallet.beginVisit({ kind: 'new' });
    expect(await stored()).toEqual([]);
    const now = Math.floor(device.nowMs / 1_000);
    for (let code = 0; code < 66; code += 1) await wallet.visitCode({ now: now + code });
    await wallet.beginVisit({ kind: 'new' });
    expect(await stored()).toHaveLength(64);
  });
});

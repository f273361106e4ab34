import { beforeEach, describe, expect, it, vi } from 'vitest';

import { poseidon2 } from 'poseidon-lite/poseidon2';

import { concat, toHex, type Bytes } from '../bytes/bytes.ts';
import { WalletError } from './failure.ts';
import { sha256 } from './files.ts';
import { PROVER_BYTES, PROVER_SHA256, WITNESS_BYTES, WITNESS_SHA256 } from './hashes.ts';
import { measured, Module } from './module.ts';
import type { ClaimToProve, Deployment, InclusionPath } from './protocol.ts';
import {
  ClaimProver,
  patienceAfter,
  type FromHelper,
  type HelperPort,
  type Patience,
  type ToHelper,
} from './prover.ts';
import { commitmentText, FROZEN } from './testing/identity.ts';
import { compiledModule, Device, fileBytes } from './testing/surroundings.ts';
import type { Wallet } from './wallet.ts';
import { wordsOfSecret } from './words.ts';

const PIN = '271828';
const quiet = () => undefined;
const address = (digit: string) => `0x${digit.repeat(40)}`;
const DEPLOYMENT: Deployment = {
  chainId: 31_337,
  distributor: address('2'),
  registry: address('3'),
  orbRegistry: address('4'),
  token: address('5'),
};
/** Nullifier hash of the frozen secret in epoch 5, to which the Rust code is held too. */
const FROZEN_NULLIFIER = '0x2dbf799e8b94713af1406095562b4332c66d0919b34972a7c2c4785116c77d35';

const word = (number: bigint) => `0x${number.toString(16).padStart(64, '0')}`;

/** Returns the path of the only leaf of a tree. */
function lonePath(): InclusionPath {
  const siblings: bigint[] = [];
  let empty = 0n;
  let node = BigInt(`0x${FROZEN.commitment}`);
  for (let level = 0; level < 30; level += 1) {
    siblings.push(empty);
    node = poseidon2([node, empty]);
    empty = poseidon2([empty, empty]);
  }
  return { leafIndex: 0, siblings: siblings.map(word), root: word(node) };
}

const CLAIM: ClaimToProve = {
  epoch: 5,
  recipient: address('6'),
  feeRecipient: address('0'),
  fee: '0',
  path: lonePath(),
};

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => 'no failure',
    (error: unknown) => (error instanceof WalletError ? error.failure : error),
  );
}

/** Proofs take long beside other tests. */
vi.setConfig({ testTimeout: 60_000 });

let wallet: Wallet;

beforeEach(async () => {
  wallet = await new Device().tab();
  const card = wordsOfSecret(FROZEN.secret).join(' ');
  await wallet.restore({ card, pin: PIN }, quiet);
  await wallet.adopt({ deployment: DEPLOYMENT });
});

describe('the module', () => {
  it('derives what the specification says', async () => {
    expect(await wallet.commitment()).toEqual({ commitment: `0x${commitmentText(FROZEN.secret)}` });
    const { nullifierHashes } = await wallet.nullifierHashes({ epochs: [5, 6] });
    expect(nullifierHashes[0]).toBe(FROZEN_NULLIFIER);
    expect(nullifierHashes[1]).not.toBe(FROZEN_NULLIFIER);
    const one = await wallet.receiveAddress({ epoch: 5 });
    expect(one.address).toMatch(/^0x[0-9a-f]{40}$/);
    expect(await wallet.receiveAddress({ epoch: 5 })).toEqual(one);
    expect(await wallet.receiveAddress({ epoch: 6 })).not.toEqual(one);
  });

  it('comes with a prover whose hashes and sizes are known', async () => {
    const file = async (name: string) => {
      const bytes = await fileBytes(`crates/prover/keys/${name}`);
      return [await sha256(bytes), bytes.length];
    };
    expect(await file('semaphore_30.prover')).toEqual([PROVER_SHA256, PROVER_BYTES]);
    expect(await file('semaphore_30.witness')).toEqual([WITNESS_SHA256, WITNESS_BYTES]);
  });

  it('makes paths out of tiles', async () => {
    const { siblings, root } = CLAIM.path;
    const leaf = `0x${FROZEN.commitment}`;
    const bytes = (text: string) => Uint8Array.from(Buffer.from(text.slice(2), 'hex')) as Bytes;
    // Nodes on the way at levels 0, 8, 16 and 24.
    let node = BigInt(leaf);
    const tiles: Bytes[] = [];
    for (const [level, sibling] of siblings.entries()) {
      if (level % 8 === 0) tiles.push(bytes(word(node)));
      node = poseidon2([node, BigInt(sibling)]);
    }
    expect(await wallet.treePath({ leafIndex: 0, tiles })).toEqual({ leaf, path: CLAIM.path });
    expect(word(node)).toBe(root);
    // The root follows from the tiles: another member beside the leaf makes another one.
    const beside = concat(bytes(leaf), bytes(word(99n)));
    const other = await wallet.treePath({ leafIndex: 0, tiles: [beside, ...tiles.slice(1)] });
    let otherRoot = poseidon2([BigInt(leaf), 99n]);
    for (const sibling of siblings.slice(1)) otherRoot = poseidon2([otherRoot, BigInt(sibling)]);
    expect(other.path.siblings[0]).toBe(word(99n));
    expect(other.path.root).toBe(word(otherRoot));
    expect(other.path.root).not.toBe(root);
    const three = wallet.treePath({ leafIndex: 0, tiles: tiles.slice(1) });
    expect(await failureOf(three)).toEqual({ code: 'not-understood' });
    const full = bytes(`0x${'ff'.repeat(32)}`);
    const outside = wallet.treePath({ leafIndex: 0, tiles: [full, ...tiles.slice(1)] });
    expect(await failureOf(outside)).toEqual({ code: 'not-understood' });
  });

  it('divides tiles into the ranges of the specification', async () => {
    const size = { leaves: 512 + 127, members: 512 + 127 };
    expect(await wallet.tileRange({ ...size, number: 0 })).toEqual({ range: { start: 1, end: 3 } });
    expect(await wallet.tileRange({ ...size, number: 1 })).toEqual({ range: { start: 0, end: 1 } });
    expect(await wallet.tileRange({ ...size, number: 2 })).toEqual({});
    expect(await wallet.tileRange({ ...size, tile: 2 })).toEqual({ range: { start: 1, end: 3 } });
    expect(await wallet.tileRange({ ...size, tile: 3 })).toEqual({});
  });
});

describe('a claim', () => {
  it('is proved, with a report of each part', async () => {
    const parts: string[] = [];
    const proof = await wallet.proveClaim(CLAIM, (step, done, total) =>
      parts.push(`${step} ${done}/${total}`),
    );
    expect(proof.nullifierHash).toBe(FROZEN_NULLIFIER);
    expect(proof.proof).toHaveLength(8);
    expect(parts).toEqual(['proving 0/3', 'proving 1/3', 'proving 2/3', 'proving 3/3']);
    // Blinded anew each time.
    expect((await wallet.proveClaim(CLAIM, quiet)).proof).not.toEqual(proof.proof);
  });

  it('is proved for the deployment that the wallet knows, and for no other', async () => {
    const other = { ...DEPLOYMENT, distributor: address('9') };
    expect(await failureOf(wallet.adopt({ deployment: other }))).toEqual({
      code: 'other-deployment',
    });
    expect(await wallet.deployment()).toEqual({ deployment: DEPLOYMENT });
    expect(await wallet.adopt({ deployment: DEPLOYMENT })).toEqual({ deployment: DEPLOYMENT });
    const fresh = await new Device().tab();
    expect(await failureOf(fresh.proveClaim(CLAIM, quiet))).toEqual({ code: 'no-deployment' });
  });

  it('is proved against the root that it was given alone', async () => {
    const path = { ...CLAIM.path, root: word(1n) };
    const call = wallet.proveClaim({ ...CLAIM, path }, quiet);
    expect(await failureOf(call)).toEqual({ code: 'foreign-root' });
  });

  it('of another form is refused', async () => {
    const { path } = CLAIM;
    const others: ClaimToProve[] = [
      { ...CLAIM, epoch: -1 },
      { ...CLAIM, epoch: 0.5 },
      { ...CLAIM, recipient: address('6').toUpperCase() },
      { ...CLAIM, feeRecipient: '0x' },
      { ...CLAIM, fee: '-1' },
      { ...CLAIM, fee: '01' },
      { ...CLAIM, fee: '9'.repeat(78) },
      { ...CLAIM, path: { ...path, siblings: path.siblings.slice(1) } },
      { ...CLAIM, path: { ...path, leafIndex: 2 ** 30 } },
      { ...CLAIM, path: { ...path, root: `0x${'f'.repeat(64)}` } },
    ];
    for (const other of others) {
      expect(await failureOf(wallet.proveClaim(other, quiet))).toEqual({ code: 'not-understood' });
    }
  });

  it('needs an open wallet', async () => {
    await wallet.lock();
    for (const call of [
      () => wallet.commitment(),
      () => wallet.nullifierHashes({ epochs: [1] }),
      () => wallet.receiveAddress({ epoch: 1 }),
      () => wallet.proveClaim(CLAIM, quiet),
    ]) {
      expect(await failureOf(call())).toEqual({ code: 'locked' });
    }
  });
});

/** A helper in this process; it fails from the given message on. */
class LocalHelper implements HelperPort {
  onmessage: ((event: MessageEvent<FromHelper>) => void) | null = null;
  onerror: ((event: ErrorEvent) => void) | null = null;
  isEnded = false;
  #module: Promise<Module> | undefined;

  constructor(private left = Number.POSITIVE_INFINITY) {}

  postMessage(message: ToHelper): void {
    void this.#answer(message).then((data) =>
      this.onmessage?.({ data } as MessageEvent<FromHelper>),
    );
  }

  terminate(): void {
    this.isEnded = true;
  }

  async #answer(message: ToHelper): Promise<FromHelper> {
    this.left -= 1;
    if (this.left < 0) return { kind: 'failed' };
    if (message.kind === 'start') {
      this.#module = Module.of(message.code);
      (await this.#module).call('loadProver', message.files);
      return { kind: 'started' };
    }
    return { kind: 'sums', sums: (await this.#module!).call('sums', message.share) };
  }
}

/** A helper whose script never loads: it takes messages, and answers none. */
class SilentHelper implements HelperPort {
  onmessage: HelperPort['onmessage'] = null;
  onerror: HelperPort['onerror'] = null;
  isEnded = false;
  readonly shares: Uint8Array[] = [];

  postMessage(message: ToHelper): void {
    if (message.kind === 'sums') this.shares.push(message.share);
  }

  terminate(): void {
    this.isEnded = true;
  }
}

describe('helpers', () => {
  const statement = {
    chainId: 31_337,
    distributor: new Uint8Array(20).fill(0x22),
    epoch: 5,
    recipient: new Uint8Array(20).fill(0x66),
    feeRecipient: new Uint8Array(20),
    fee: new Uint8Array(32),
    leafIndex: 0,
    siblings: concat(
      ...CLAIM.path.siblings.map((text) => new Uint8Array(Buffer.from(text.slice(2), 'hex'))),
    ),
    root: new Uint8Array(Buffer.from(CLAIM.path.root.slice(2), 'hex')),
  };

  async function proverWith(ports: HelperPort[], patience?: Patience): Promise<ClaimProver> {
    const code = await compiledModule();
    const files = {
      prover: await fileBytes('crates/prover/keys/semaphore_30.prover'),
      witness: await fileBytes('crates/prover/keys/semaphore_30.witness'),
    };
    return ClaimProver.load(await Module.of(code), code, files, ports, patience);
  }

  it('that never answer are given up, and the wallet computes their shares', async () => {
    const silent = new SilentHelper();
    const waited: number[] = [];
    const prover = await proverWith([silent], (ownMs) => {
      waited.push(ownMs);
      return 20;
    });
    for (const total of [4, 3]) {
      const parts: string[] = [];
      const proof = await prover.prove(FROZEN.secret.slice(), statement, (...it) =>
        parts.push(it.join('/')),
      );
      expect(`0x${toHex(proof.nullifierHash)}`).toBe(FROZEN_NULLIFIER);
      expect(parts.at(-1)).toBe(`${total}/${total}`);
      expect(silent.isEnded).toBe(true);
    }
    // The second proof asks nothing of it.
    expect(silent.shares).toHaveLength(1);
    expect(waited.every((it) => it > 0)).toBe(true);
  });

  it('are waited for as slow cores need it', () => {
    expect([0, 500, 3_000].map(patienceAfter)).toEqual([2_000, 2_000, 12_000]);
  });

  it('share the work, and those that fail leave it to the wallet', async () => {
    for (const left of [Number.POSITIVE_INFINITY, 1, 0]) {
      const failing = new LocalHelper(left);
      const prover = await proverWith([new LocalHelper(), failing]);
      const parts: string[] = [];
      const proof = await prover.prove(FROZEN.secret.slice(), statement, (done, total) =>
        parts.push(`${done}/${total}`),
      );
      expect(`0x${toHex(proof.nullifierHash)}`).toBe(FROZEN_NULLIFIER);
      expect(parts.at(-1)).toMatch(/^([0-9])\/\1$/);
      expect(failing.isEnded).toBe(left !== Number.POSITIVE_INFINITY);
    }
  });

  it('cannot make a proof out of parts that do not belong together', async () => {
    const module = await Module.of(await compiledModule());
    expect(() => module.call('finishClaim', measured(new Uint8Array(255)))).toThrow('mismatch');
    expect(() => module.call('finishClaim', measured(new Uint8Array(256)))).toThrow('no-claim');
    expect(() => module.call('share', new Uint8Array([0]))).toThrow('no-claim');
    expect(() => module.call('sums', new Uint8Array(12))).toThrow();
  });
});

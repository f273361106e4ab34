import { Transaction, verifyTypedData, Interface, computeAddress } from 'ethers';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { WalletError } from './failure.ts';
import type { AccountAction, Deployment, GasTerms } from './protocol.ts';
import { FROZEN } from './testing/identity.ts';
import { Device } from './testing/surroundings.ts';
import type { Wallet } from './wallet.ts';
import { wordsOfSecret } from './words.ts';

const PIN = '271828';
const address = (digit: string) => `0x${digit.repeat(40)}`;
const word = (digit: string) => `0x${digit.repeat(64)}`;
const DEPLOYMENT: Deployment = {
  chainId: 31_337,
  distributor: address('2'),
  registry: address('3'),
  orbRegistry: address('4'),
  token: address('5'),
};
const TERMS: GasTerms = {
  nonce: 3,
  gasLimit: 90_000,
  maxFeePerGas: '2000000000',
  maxPriorityFeePerGas: '1000000000',
};
const CALLS = new Interface([
  'function transfer(address to,uint256 amount)',
  'function permit(address owner,address spender,uint256 value,uint256 deadline,uint8 v,bytes32 r,bytes32 s)',
  'function transferFrom(address from,address to,uint256 amount)',
  'function claim(uint256 epoch,uint256 nullifierHash,address recipient,address feeRecipient,uint256 fee,uint256[8] proof)',
]);
const EPOCH_5 = { kind: 'receive', epoch: 5 } as const;
const TRANSFER: AccountAction = { kind: 'transfer', to: address('a'), amount: '70' };
const PERMIT: AccountAction = {
  kind: 'permit',
  owner: 5,
  amount: '70',
  permitNonce: '0',
  deadline: 2_000,
  domain: { name: 'Annona', version: '1' },
};

vi.setConfig({ testTimeout: 60_000 });

let wallet: Wallet;

beforeEach(async () => {
  wallet = await new Device().tab();
  await wallet.restore({ card: wordsOfSecret(FROZEN.secret).join(' '), pin: PIN }, () => undefined);
  await wallet.adopt({ deployment: DEPLOYMENT });
});

const failureOf = async (call: Promise<unknown>) =>
  call.then(
    () => 'no failure',
    (error: unknown) => (error instanceof WalletError ? error.failure : error),
  );

describe('a transaction', () => {
  it('is one of the adopted chain and token, from the account of the epoch', async () => {
    const signed = await wallet.signAction({ account: EPOCH_5, action: TRANSFER, terms: TERMS });
    const read = Transaction.from(signed.raw);
    const { address: from } = await wallet.receiveAddress({ epoch: 5 });
    expect(read.from?.toLowerCase()).toBe(from);
    expect(signed).toMatchObject({ from, nonce: 3, hash: read.hash });
    expect(read).toMatchObject({ chainId: 31_337n, to: address('5'), value: 0n, gasLimit: 90_000n });
    expect(read).toMatchObject({ maxFeePerGas: 2_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n });
    const call = CALLS.parseTransaction(read);
    expect([call?.name, ...(call?.args ?? [])]).toEqual(['transfer', expect.any(String), 70n]);
    expect(String(call?.args[0]).toLowerCase()).toBe(address('a'));
  });

  it('in coin has the amount as its value, calls nothing, and may go to the account itself', async () => {
    const action: AccountAction = { kind: 'coin', to: address('a'), amount: '70' };
    const read = Transaction.from(
      (await wallet.signAction({ account: EPOCH_5, action, terms: TERMS })).raw,
    );
    const { address: from } = await wallet.receiveAddress({ epoch: 5 });
    expect(read.from?.toLowerCase()).toBe(from);
    expect(read).toMatchObject({ chainId: 31_337n, value: 70n, data: '0x', nonce: 3 });
    expect(read.to?.toLowerCase()).toBe(address('a'));
    const empty: AccountAction = { kind: 'coin', to: from, amount: '0' };
    const signed = await wallet.signAction({ account: EPOCH_5, action: empty, terms: TERMS });
    expect(Transaction.from(signed.raw)).toMatchObject({ value: 0n, data: '0x' });
    for (const refused of [{ to: '0x1' }, { amount: '-1' }, { amount: '0.5' }]) {
      const wrong = { account: EPOCH_5, action: { ...action, ...refused }, terms: TERMS };
      expect(await failureOf(wallet.signAction(wrong))).toEqual({ code: 'not-understood' });
    }
  });

  it('of the account for gas moves tokens by a permit of their owner', async () => {
    const account = { kind: 'gas' } as const;
    const { address: spender } = await wallet.gasAddress();
    const { address: owner } = await wallet.receiveAddress({ epoch: 5 });
    const permit = Transaction.from(
      (await wallet.signAction({ account, action: PERMIT, terms: TERMS })).raw,
    );
    expect(permit.from?.toLowerCase()).toBe(spender);
    const args = CALLS.parseTransaction(permit)!.args;
    const signer = verifyTypedData(
      { name: 'Annona', version: '1', chainId: 31_337, verifyingContract: address('5') },
      {
        Permit: ['owner address', 'spender address', 'value uint256', 'nonce uint256', 'deadline uint256'].map(
          (it) => ({ name: it.split(' ')[0]!, type: it.split(' ')[1]! }),
        ),
      },
      { owner, spender, value: 70n, nonce: 0n, deadline: 2_000n },
      { v: Number(args[4]), r: args[5] as string, s: args[6] as string },
    );
    expect(signer.toLowerCase()).toBe(owner);
    const action: AccountAction = { kind: 'move', owner: 5, to: address('a'), amount: '70' };
    const move = Transaction.from((await wallet.signAction({ account, action, terms: TERMS })).raw);
    const moved = CALLS.parseTransaction(move)!.args;
    expect(moved.map((it) => String(it).toLowerCase())).toEqual([owner, address('a'), '70']);
  });

  it('of a claim goes to the distributor as it was proved', async () => {
    const claim = {
      epoch: 5,
      nullifierHash: word('1'),
      recipient: address('a'),
      feeRecipient: address('0'),
      fee: '0',
      proof: Array.from({ length: 8 }, () => word('2')),
    };
    const action: AccountAction = { kind: 'claim', claim };
    const signed = await wallet.signAction({ account: EPOCH_5, action, terms: TERMS });
    const read = Transaction.from(signed.raw);
    expect(read.to).toBe(address('2'));
    expect(CALLS.parseTransaction(read)?.args.slice(0, 2)).toEqual([5n, BigInt(word('1'))]);
    const short: AccountAction = { kind: 'claim', claim: { ...claim, proof: [word('2')] } };
    expect(
      await failureOf(wallet.signAction({ account: EPOCH_5, action: short, terms: TERMS })),
    ).toEqual({ code: 'not-understood' });
  });

  it('is not signed in other forms, without a deployment, or while the identity is closed', async () => {
    const sign = (action: object, terms: object = {}, account: object = EPOCH_5) =>
      failureOf(
        wallet.signAction({
          account,
          action: { ...TRANSFER, ...action },
          terms: { ...TERMS, ...terms },
        } as never),
      );
    for (const refused of [
      sign({ to: '0x1' }),
      sign({ amount: '-1' }),
      sign({ amount: '1e3' }),
      sign({}, { nonce: -1 }),
      sign({}, { gasLimit: 30_000_001 }),
      sign({}, { maxPriorityFeePerGas: '2000000001' }),
      sign({}, {}, { kind: 'receive', epoch: 0.5 }),
    ]) {
      expect(await refused).toEqual({ code: 'not-understood' });
    }
    await wallet.lock();
    expect(await sign({})).toEqual({ code: 'locked' });
  });
});

describe('the key of an account', () => {
  it('is handed out behind the passkey too, and behind no other one', async () => {
    const prfOutput = new Uint8Array(32).fill(7);
    const passkey = {
      credentialId: new Uint8Array(20),
      prfInput: new Uint8Array(32),
      prfOutput: prfOutput.slice(),
    };
    await wallet.addPasskey({ proof: { kind: 'pin', pin: PIN }, passkey });
    await wallet.lock();
    const account = EPOCH_5;
    const other = { kind: 'passkey', prfOutput: new Uint8Array(32).fill(8) } as const;
    expect(await failureOf(wallet.exportKey({ proof: other, account }))).toEqual({
      code: 'passkey-refused',
    });
    const proof = { kind: 'passkey', prfOutput: prfOutput.slice() } as const;
    const { address: of, key } = await wallet.exportKey({ proof, account });
    expect(computeAddress(key).toLowerCase()).toBe(of);
  });

  it('is not handed out for a wrong PIN', async () => {
    await wallet.lock();
    const wrong = { proof: { kind: 'pin', pin: '271829' }, account: EPOCH_5 } as const;
    expect(await failureOf(wallet.exportKey(wrong))).toMatchObject({ code: 'wrong-pin' });
    const right = { ...wrong, proof: { kind: 'pin', pin: PIN } } as const;
    const { address: of, key } = await wallet.exportKey(right);
    expect(computeAddress(key).toLowerCase()).toBe(of);
    expect(await wallet.receiveAddress({ epoch: 5 })).toEqual({ address: of });
    const gas = await wallet.exportKey({ ...right, account: { kind: 'gas' } });
    expect(await wallet.gasAddress()).toEqual({ address: gas.address });
    expect(gas.key).not.toBe(key);
  });
});

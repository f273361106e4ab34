import { beforeEach, describe, expect, it } from 'vitest';

import { WalletRefusal, type PackageProblem, type PackageVisit } from '../../wallet/index.ts';
import type { CustodyWallet } from '../ports.ts';
import { service, word, type Answer } from '../testing/fakes.ts';
import { workOnPackages } from './custody.ts';

const NONCE = word('a');
const COLLECT = `/v1/enrolments/by-nonce/${NONCE}/package`;
const CONFIRM = `${COLLECT}/received`;
const SEALED: Answer = { body: { sealed: 'QUJD' } };
const UNKNOWN: Answer = { status: 404, body: { code: 'package-unknown' } };
const DELETED: Answer = { body: {} };

/** Wallet with one visit, and what it was asked to do, in order. */
class FakeWallet implements CustodyWallet {
  visits: PackageVisit[] = [{ nonce: NONCE, step: 'collect', isLate: false }];
  problem: PackageProblem | undefined;
  done: string[] = [];

  packageVisits = async () => ({ visits: this.visits });
  signPackageRequest = async ({ request }: { request: string }) => {
    this.done.push(`sign ${request}`);
    return { signature: `0x${'5'.repeat(128)}` };
  };
  keepPackage = async ({ sealed }: { sealed: string }) => {
    if (!this.problem) this.done.push(`keep ${sealed}`);
    return this.problem ? { problem: this.problem } : {};
  };
  endPackageVisit = async ({ outcome }: { outcome: string }) => {
    this.done.push(outcome);
    return {};
  };

  call = ((call: keyof FakeWallet, request: never) =>
    (this[call] as (request: never) => Promise<never>)(request)) as CustodyWallet['call'];
}

let wallet: FakeWallet;
let asked: string[];

const work = (...services: Record<string, Answer>[]) =>
  workOnPackages({
    wallet,
    services: () =>
      services.map((routes, index) => {
        const answers = Object.entries(routes).map(([path, answer]) => [path, () => answer] as const);
        return service(`s${index}`, Object.fromEntries(answers), asked);
      }),
    runAlone: (it) => it(),
  });

beforeEach(() => {
  wallet = new FakeWallet();
  asked = [];
});

describe('a package on its way', () => {
  it('is kept, and deleted at the service only then (ENROL-22)', async () => {
    expect(await work({ [COLLECT]: SEALED, [CONFIRM]: DELETED })).toEqual([]);
    expect(wallet.done).toEqual(['sign collect', 'keep QUJD', 'sign confirm', 'deleted']);
    expect(asked).toEqual([COLLECT, CONFIRM]);
  });

  it('that is refused is not confirmed, and another service is asked', async () => {
    for (const problem of ['damaged', 'not-for-this-visit', 'other-visit'] as const) {
      wallet = new FakeWallet();
      wallet.problem = problem;
      asked = [];
      const both = [{ [COLLECT]: SEALED, [CONFIRM]: DELETED }, { [COLLECT]: SEALED }];
      expect(await work(...both)).toEqual([{ kind: 'refused', problem }]);
      expect(asked).toEqual([COLLECT, COLLECT]);
      expect(wallet.done).toEqual(['sign collect']);
    }
  });

  it('that no service has is asked for again, until its time is over', async () => {
    const failure = { kind: 'problem', code: 'package-unknown' };
    expect(await work({ [COLLECT]: UNKNOWN })).toEqual([{ kind: 'not-there', failure }]);
    wallet.visits = [{ nonce: NONCE, step: 'collect', isLate: true }];
    // A service that is silent may have it.
    const silent = { kind: 'unreachable' };
    expect(await work({ [COLLECT]: UNKNOWN }, {})).toEqual([{ kind: 'not-there', failure: silent }]);
    expect(await work()).toEqual([{ kind: 'not-there', failure: silent }]);
    expect(wallet.done).not.toContain('given-up');
    expect(await work({ [COLLECT]: UNKNOWN })).toEqual([{ kind: 'expired' }]);
    expect(wallet.done.at(-1)).toBe('given-up');
    wallet.visits = [{ nonce: NONCE, step: 'given-up', isLate: true }];
    asked = [];
    expect(await work({ [COLLECT]: SEALED })).toEqual([{ kind: 'expired' }]);
    expect(asked).toEqual([]);
  });

  it('whose receipt was lost is confirmed once more, and an answer that was lost counts', async () => {
    expect(await work({ [COLLECT]: SEALED })).toMatchObject([{ kind: 'not-confirmed' }]);
    wallet.visits = [{ nonce: NONCE, step: 'confirm', isLate: false }];
    wallet.done = [];
    expect(await work({ [CONFIRM]: UNKNOWN })).toEqual([]);
    expect(wallet.done).toEqual(['sign confirm', 'deleted']);
  });

  it('is not taken for deleted while a service that may have it is silent', async () => {
    wallet.visits = [{ nonce: NONCE, step: 'confirm', isLate: false }];
    const failure = { kind: 'unreachable' };
    expect(await work({ [CONFIRM]: UNKNOWN }, {})).toEqual([{ kind: 'not-confirmed', failure }]);
    expect(await work()).toEqual([{ kind: 'not-confirmed', failure }]);
    expect(wallet.done).not.toContain('deleted');
    expect(await work({}, { [CONFIRM]: DELETED })).toEqual([]);
    wallet.visits = [{ nonce: NONCE, step: 'confirm', isLate: true }];
    expect(await work()).toEqual([]);
  });

  it('of a wallet that is locked is not asked for', async () => {
    wallet.packageVisits = () => Promise.reject(new WalletRefusal({ code: 'locked' }));
    await expect(work({ [COLLECT]: SEALED })).rejects.toThrow('locked');
    expect(asked).toEqual([]);
  });
});

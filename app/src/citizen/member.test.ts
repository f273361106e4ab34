import 'fake-indexeddb/auto';

import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { TOPICS, uintWord } from '../chain/abi.ts';
import type { PathOutcome } from '../tree/tree.ts';
import { entryIn, readAbout } from './about/about.ts';
import { canChange, checkClaim, checkPlace } from './check/check.ts';
import { Member } from './member.svelte.ts';
import type { CitizenWallet, CustodyWallet, Deployment, SigningWallet } from './ports.ts';
import { SettingsStorage } from './settings/settings.ts';
import {
  address,
  answering,
  CHAIN,
  CONFIG,
  endpointFetch,
  serviceFetch,
  word,
  type Answer,
  type FakeChain,
} from './testing/fakes.ts';

const ME = word('7');
const SERVICE = 'https://svc.example/';
const RPC = 'https://rpc.example/';
const OTHER_RPC = 'https://other-rpc.example/';
const NULLIFIER = word('a');

/** Wallet that signs nothing: `money/sending.test.ts` has one that does. */
const SIGNING: SigningWallet = {
  receiveAddress: async () => address('c'),
  gasAddress: async () => address('d'),
  signAction: () => Promise.reject(new Error('nothing is signed here')),
  exportKey: () => Promise.reject(new Error('no key is taken from here')),
};

/** World around a phone: one service, one chain, and what the phone asked of them. */
class World {
  chain: FakeChain = { ...CHAIN, newest: 71 };
  enrolment: Answer = { status: 404, body: { code: 'enrolment-unknown' } };
  claim: Answer = 'silence';
  epoch: Answer = 'silence';
  path: PathOutcome = {
    kind: 'found',
    path: { leafIndex: 11, siblings: Array(30).fill(word('0')), root: word('5') },
  };
  config: object = CONFIG;
  adopted: Deployment | undefined;
  /** Called with each request to the chain. */
  onChain = (): void => undefined;
  asked: string[] = [];
  /** Hosts that were asked, service and endpoints. */
  hosts = new Set<string>();

  readonly wallet: CitizenWallet = {
    adopt: async (deployment) => (this.adopted = deployment),
    deployment: async () => this.adopted,
    commitment: async () => ME,
    nullifierHashes: async (epochs) => epochs.map((it) => (it === 8 ? NULLIFIER : word('0'))),
    receiveAddress: async () => address('c'),
    proveClaim: async () => ({ nullifierHash: NULLIFIER, proof: Array(8).fill(word('1')) }),
  };

  /** Nonces of the codes that were shown, and of those that an orb read. */
  kind = '';
  shown: string[] = [];
  taken: string[] = [];

  readonly custody: CustodyWallet = {
    call: (async (call: string, request: { kind: string; now: number; nonce: string }) => {
      switch (call) {
        case 'beginVisit':
          this.kind = request.kind;
          return {};
        case 'visitCode': {
          const nonce = `0x${(0xabc0 + this.shown.length).toString(16).padStart(64, '0')}`;
          this.shown.push(nonce);
          return { text: `${this.kind} ${nonce.slice(-4)}`, nonce, renewAt: request.now + 30 };
        }
        case 'takeVisit':
          this.taken.push(request.nonce);
          return {};
        case 'packageVisits':
          return { visits: [] };
        case 'packages':
          return { packages: [] };
        default:
          throw new Error(`${call} is not asked for here`);
      }
    }) as CustodyWallet['call'],
  };

  #answer(path: string): Answer | undefined {
    if (path === '/v1/config') return { body: this.config };
    if (path.startsWith('/v1/enrolments/by-nonce/')) return this.enrolment;
    if (path.startsWith('/v1/claims')) return this.claim;
    if (path === '/v1/epochs/current') return this.epoch;
    return undefined;
  }

  /** Opens a tab with the storage that all tabs of the phone share. */
  async tab(): Promise<Member> {
    const storage = await SettingsStorage.open();
    const member = new Member({
      wallet: this.wallet,
      signing: SIGNING,
      custody: this.custody,
      storage,
      ownService: SERVICE,
      request: answering(async (request) => {
        this.hosts.add(new URL(request.url).host);
        return request.url.startsWith(RPC) || request.url.startsWith(OTHER_RPC)
          ? (this.onChain(), endpointFetch(this.chain)(request))
          : serviceFetch((path) => this.#answer(path), this.asked)(request);
      }),
      findPath: async () => this.path,
    });
    member.checker = { canChange, checkClaim, checkPlace, entryIn, readAbout };
    await member.start();
    return member;
  }
}

const enrolled = (status: string, more: object = {}): Answer => ({
  body: { id: word('1'), commitment: ME, status, ...more },
});
const took: Answer = {
  status: 202,
  body: { nullifierHash: NULLIFIER, epoch: 8, status: 'queued' },
};
const payment = { block: 81, epoch: 8, nullifierHash: NULLIFIER, recipient: address('c'), amount: 70n };

/** Entry of the commitment in the list, at a place, as the registry's log has it. */
function entryOf(leafIndex: bigint) {
  const list = [leafIndex, 128n, 0n, 0n, 1n].map(uintWord).join('');
  return {
    block: 73,
    contract: CONFIG.registry,
    topics: [
      TOPICS['LeavesAppended(uint256,uint256,uint256[],uint256,uint256)'],
      `0x${uintWord(7n)}`,
    ],
    data: `0x${list}${ME.slice(2)}`,
  };
}

let world: World;

beforeEach(async () => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'],
  });
  globalThis.indexedDB = new IDBFactory();
  vi.stubGlobal('window', {
    setInterval,
    clearInterval,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  });
  vi.stubGlobal('navigator', {});
  world = new World();
  const storage = await SettingsStorage.open();
  await storage.keep('network', { services: [SERVICE], endpoints: [RPC] });
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Lets time pass until something is so, at most some minutes of the phone's clock. */
const until = (isSo: () => boolean) =>
  vi.waitFor(
    async () => {
      await vi.advanceTimersByTimeAsync(1_000);
      expect(isSo()).toBe(true);
    },
    { timeout: 20_000, interval: 1 },
  );

/** Goes from an identity to the list of members. */
async function join(member: Member): Promise<void> {
  await member.enter();
  member.open({ kind: 'code' });
  await until(() => member.visitCode !== undefined);
  world.enrolment = enrolled('mined', { leafIndex: 11 });
  await until(() => member.visitState.kind === 'in-the-list');
  member.open({ kind: 'home' });
}

describe('an identity that is locked again while the chain is read', () => {
  it('breaks nothing, and nothing of it is shown', async () => {
    const member = await world.tab();
    world.onChain = () => member.leave();
    await member.enter();
    expect(member.membership).toBeUndefined();
    world.onChain = () => undefined;
    await join(member);
    expect(member.membership).toMatchObject({ leafIndex: 11 });
  });
});

describe('a service that lies about the calendar from the first contact on', () => {
  it('is believed by nobody who reads the chain', async () => {
    world.config = { ...CONFIG, genesis: CONFIG.genesis - 300, claimWindowEpochs: 1 };
    const member = await world.tab();
    await member.enter();
    expect(member.facts?.calendar).toMatchObject({ genesis: CONFIG.genesis, claimWindowEpochs: 4 });
    expect(member.survey?.standings.get(SERVICE)).toEqual({
      kind: 'other-deployment',
      differs: ['calendar'],
    });
    const present = member.present?.kind === 'present' ? member.present.present : undefined;
    expect(present?.facts).toMatchObject({ epoch: 7, startsAt: 1_700 });
  });
});

describe('a clock of the device that is wrong by a day', () => {
  const TRUE_MS = Date.UTC(2030, 0, 2);
  const DAY_MS = 86_400_000;

  it.each([-DAY_MS, 0, DAY_MS])('changes nothing of the time of the chain (%i ms)', async (wrongMs) => {
    vi.setSystemTime(TRUE_MS + wrongMs);
    const member = await world.tab();
    await member.enter();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(member.chainSecs).toBe(1_710 + 1);
    // Somebody sets it right, or wrong, while the app is open.
    vi.setSystemTime(TRUE_MS - wrongMs);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(member.chainSecs).toBe(1_710 + 21);
    const present = member.present?.kind === 'present' ? member.present.present : undefined;
    expect(present?.facts).toMatchObject({ epoch: 7, endsAt: 1_800 });
  });
});

describe('somebody who says to have joined before the present was read', () => {
  it('is looked for all the same, or told why not', async () => {
    const member = await world.tab();
    await member.enter();
    member.present = undefined;
    await member.lookForMyself();
    expect(member.membership).toMatchObject({ leafIndex: 11 });

    const other = await world.tab();
    await other.enter();
    other.present = { kind: 'failure', failure: { kind: 'not-understood' } };
    world.chain = { ...world.chain, chainId: 5 };
    await other.lookForMyself();
    expect(other.claiming).toMatchObject({ kind: 'stopped' });
  });

  it('is not answered by a reading from before an endpoint was named', async () => {
    const member = await world.tab();
    await member.enter();
    const { present } = member;
    if (present?.kind !== 'present') throw new Error('the present was not read');
    const evidence = { kind: 'not-checked', why: 'no-endpoint' } as const;
    member.present = { ...present, present: { ...present.present, evidence } };
    await member.lookForMyself();
    expect(member.claiming).toEqual({ kind: 'idle' });
    expect(member.membership).toMatchObject({ leafIndex: 11 });
  });
});

describe('two tabs', () => {
  it('keep what each of them names and learns', async () => {
    const [one, other] = [await world.tab(), await world.tab()];
    for (const tab of [one, other]) await tab.enter();
    const { network } = one;
    const services = [SERVICE, 'https://more.example/'];
    await one.chooseNetwork({ ...network, services });
    await other.chooseNetwork({ ...network, endpoints: [], answers: { [RPC]: 'yes' } });
    const kept = (await world.tab()).network;
    expect(kept).toEqual({ services, endpoints: [], answers: { [RPC]: 'yes' } });
    expect(other.network).toEqual(kept);

    await join(one);
    other.open({ kind: 'code' });
    await until(() => other.visitState.kind === 'in-the-list');
    const third = await world.tab();
    await third.enter();
    expect(third.membership).toMatchObject({ leafIndex: 11 });
  });
});

describe('a citizen', () => {
  it('goes from the visit to the payment, and checks it', async () => {
    const member = await world.tab();
    await member.enter();
    expect(member.home.kind).toBe('not-joined');
    expect(world.adopted?.distributor).toBe(CONFIG.distributor);

    member.open({ kind: 'code' });
    await until(() => member.visitCode !== undefined);
    const first = member.visitCode?.text;
    await until(() => member.visitCode?.text !== first);
    expect(member.visitState.kind).toBe('not-seen');
    world.enrolment = enrolled('queued');
    await until(() => member.home.kind === 'joining');
    world.enrolment = enrolled('mined', { leafIndex: 11 });
    await until(() => member.visitState.kind === 'in-the-list');
    expect(member.home).toMatchObject({ kind: 'waiting', startsAt: 1_800 });

    world.chain.newest = 80;
    await member.enter();
    expect(member.home).toMatchObject({ kind: 'member', open: [8] });
    world.claim = took;
    await member.claim([8]);
    await until(() => member.claims[0]?.state.kind === 'sent');
    expect(member.home).toMatchObject({ kind: 'member', open: [] });
    expect(member.claims[0]).toMatchObject({ root: word('5'), request: { recipient: address('c') } });

    world.chain = { ...world.chain, newest: 82, payments: [payment] };
    await until(() => member.claims[0]?.state.kind === 'paid');
    world.chain.newest = 93;
    await until(() => member.claims[0]?.state.kind === 'final');

    member.open({ kind: 'check', nullifierHash: NULLIFIER });
    await until(() => member.checks !== undefined);
    expect(member.checks?.results.map(({ name, verdict }) => [name, verdict])).toEqual([
      ['inclusion', 'pass'],
      ['root', 'pass'],
      ['receipt', 'not-checked'],
      ['payment', 'pass'],
    ]);
    member.open({ kind: 'money' });
    await until(() => member.money.kind === 'read');
    expect(member.money).toMatchObject({ payments: [{ epoch: 8, amount: 70n }] });
    world.chain.balances = { [address('c')]: 70n };
    await member.readBalance();
    expect(member.balance).toEqual({ kind: 'read', balance: 70n });
    expect(member.unit).toEqual({ symbol: 'ANN', decimals: 18 });
  }, 60_000);

  it('who has joined before and lost that identity recovers with a code that says so', async () => {
    const member = await world.tab();
    await member.enter();
    await member.beginVisit('new');
    await until(() => member.visitCode !== undefined);
    expect(member.visitCode?.text).toMatch(/^new/);
    world.enrolment = enrolled('duplicate');
    await until(() => member.visitState.kind === 'already-enrolled');
    const before = member.membership?.nonces ?? [];
    world.enrolment = { status: 404, body: { code: 'enrolment-unknown' } };
    await member.beginVisit('recovery');
    await until(() => member.visitCode !== undefined);
    expect(member.visitCode?.text).toMatch(/^recovery/);
    expect(member.visitState.kind).toBe('not-seen');
    expect(member.membership?.nonces.some((it) => before.includes(it))).toBe(false);
    world.enrolment = enrolled('mined', { leafIndex: 12 });
    await until(() => member.visitState.kind === 'in-the-list');
    expect(member.membership).toMatchObject({ leafIndex: 12, visitKind: 'recovery' });
    // What the orb saw of somebody who had joined before is kept by nobody (ENROL-21).
    expect(world.taken.every((it) => !before.includes(it))).toBe(true);
    expect(world.taken.length).toBeGreaterThan(0);
  });

  it('who recovers too soon is told one time, however often the phone looks', async () => {
    const member = await world.tab();
    await member.enter();
    await member.beginVisit('recovery');
    await until(() => member.visitCode !== undefined);
    const body = { code: 'recovery-too-soon', retryAfterSecs: 172_800 };
    world.enrolment = { status: 409, body };
    await until(() => member.visitState.kind === 'refused');
    const told = member.visitState;
    const at = (member.chainSecs ?? 0) + 172_800;
    expect(told).toMatchObject({ again: { waitSecs: 172_800 } });
    expect(Math.abs((told.kind === 'refused' ? (told.again?.at ?? 0) : 0) - at)).toBeLessThan(10);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(member.visitState).toBe(told);
  }, 60_000);

  it('checks her place in the list before any payment, and again while no list comes', async () => {
    const member = await world.tab();
    await join(member);
    expect(member.claims).toEqual([]);
    const lost: PathOutcome = { kind: 'failure', failure: { kind: 'unreachable' } };
    const { path } = world;
    world.path = lost;
    member.open({ kind: 'check' });
    await until(() => member.checks !== undefined);
    expect(member.checks?.results).toMatchObject([
      { name: 'inclusion', verdict: 'not-checked', reason: 'inclusion-no-list' },
    ]);
    world.path = path;
    await until(() => member.checks?.results[0]?.verdict === 'pass');
    expect(member.checks?.evidence).toMatchObject({ kind: 'checked', sources: [RPC] });
  });

  it('whose check was broken off by a fault shows a code again', async () => {
    const member = await world.tab();
    await member.enter();
    await member.beginVisit('new');
    await until(() => member.visitCode !== undefined);
    world.enrolment = enrolled('checking');
    await until(() => member.visitState.kind === 'being-checked');
    expect(member.home.kind).toBe('not-joined');
    member.open({ kind: 'home' });
    world.enrolment = { status: 404, body: { code: 'enrolment-unknown' } };
    member.open({ kind: 'code' });
    await until(() => member.visitCode !== undefined);
    await until(() => member.visitState.kind === 'not-seen');
  });

  it('is a member in the next tab as well, and her claims are sent while it is locked', async () => {
    const first = await world.tab();
    await join(first);
    world.chain.newest = 80;
    await first.enter();
    await first.claim([8]);
    await until(() => first.claims.length === 1);
    first.leave();
    expect(first.membership).toBeUndefined();
    expect(first.home).toEqual({ kind: 'connecting' });

    world.claim = took;
    const second = await world.tab();
    await until(() => second.claims[0]?.state.kind === 'sent');
    expect(second.membership).toBeUndefined();
    await second.enter();
    expect(second.membership).toMatchObject({ leafIndex: 11 });
  }, 60_000);

  it('who closed the app after the visit learns of it when it is opened again', async () => {
    const first = await world.tab();
    await first.enter();
    first.open({ kind: 'code' });
    await until(() => first.visitCode !== undefined);
    first.leave();
    world.enrolment = enrolled('final', { leafIndex: 11 });
    const second = await world.tab();
    await second.enter();
    await until(() => second.home.kind === 'waiting');
    expect(second.membership).toMatchObject({ leafIndex: 11 });
  }, 60_000);

  it('is told of a service of another deployment, which is asked nothing more', async () => {
    world.adopted = (await adoptedOf(world)) as Deployment;
    world.config = { ...CONFIG, distributor: address('9') };
    world.asked = [];
    const member = await world.tab();
    await member.chooseNetwork({ ...member.network, endpoints: [] });
    expect(member.survey?.standings.get(SERVICE)).toEqual({
      kind: 'other-deployment',
      differs: ['distributor'],
    });
    member.open({ kind: 'code' });
    await member.lookForMyself();
    expect(new Set(world.asked)).toEqual(new Set(['/v1/config']));
    expect(world.adopted.distributor).toBe(CONFIG.distributor);
  }, 60_000);

  // Tests IDENT-8.
  it('asks nothing of an endpoint that its services recommend before the person says yes', async () => {
    await (await SettingsStorage.open()).keep('network', { services: [SERVICE] });
    world.config = { ...CONFIG, rpcUrls: [RPC, 'http://elsewhere.example'] };
    const member = await world.tab();
    await join(member);
    expect(member.unanswered).toEqual([RPC]);
    expect(member.endpoints).toEqual([]);
    expect([...world.hosts]).toEqual(['svc.example']);

    await member.answerEndpoints([RPC], 'yes');
    expect(member.endpoints).toEqual([RPC]);
    expect(member.unanswered).toEqual([]);
    expect(member.evidence).toMatchObject({ kind: 'checked', sources: [RPC] });
    world.chain.newest = 80;
    await member.enter();
    await member.claim([8]);
    await until(() => member.claims.length === 1);
    // While the services are silent, the phone still knows where the chain is read.
    world.config = {};
    const later = await world.tab();
    expect(later.endpoints).toEqual([RPC]);
    await later.enter();
    expect(later.endpoints).toEqual([RPC]);
    expect(later.unanswered).toEqual([]);
  }, 60_000);

  // Tests IDENT-8.
  it('is asked once about each endpoint, and can change the answer', async () => {
    await (await SettingsStorage.open()).keep('network', { services: [SERVICE] });
    world.config = { ...CONFIG, rpcUrls: [RPC] };
    const member = await world.tab();
    await member.enter();
    await member.answerEndpoints(member.unanswered, 'not-now');
    for (const tab of [member, await world.tab()]) {
      await tab.enter();
      expect(tab.unanswered).toEqual([]);
      expect(tab.endpoints).toEqual([]);
    }
    world.config = { ...CONFIG, rpcUrls: [RPC, OTHER_RPC] };
    await member.enter();
    expect(member.unanswered).toEqual([OTHER_RPC]);
    await member.answerEndpoints([OTHER_RPC], 'yes');
    expect(member.endpoints).toEqual([OTHER_RPC]);
    expect([...world.hosts].sort()).toEqual(['other-rpc.example', 'svc.example']);
    await member.useRecommended();
    expect(member.endpoints).toEqual([RPC, OTHER_RPC]);
    await member.chooseNetwork({ ...member.network, endpoints: [RPC] });
    world.config = { ...CONFIG, rpcUrls: ['https://third-rpc.example/'] };
    await member.enter();
    expect(member.unanswered).toEqual([]);
    expect(member.endpoints).toEqual([RPC]);
  });

  it('asks for no payment where the person wants none of the endpoints', async () => {
    world.config = { ...CONFIG, rpcUrls: [RPC] };
    const member = await world.tab();
    await join(member);
    world.chain.newest = 80;
    const told = { startsAt: 1_800, endsAt: 1_900, oldestClaimable: 5, memberCount: 12 };
    const present = { epoch: 8, chainTime: 1_800, claimed: 0, root: word('5') };
    world.epoch = { body: { ...told, ...present } };
    await member.chooseNetwork({ ...member.network, endpoints: [] });
    expect(member.endpoints).toEqual([]);
    const asked = world.asked.length;
    await member.claim([8]);
    const stop = { kind: 'chain', why: 'no-endpoint' };
    expect(member.claiming).toMatchObject({ kind: 'stopped', stop });
    await member.lookForMyself();
    expect(member.claiming).toMatchObject({ kind: 'stopped', stop });
    expect(world.asked.slice(asked).filter((it) => it.startsWith('/v1/claims'))).toEqual([]);
    await member.useRecommended();
    expect(member.endpoints).toEqual([RPC]);
  }, 60_000);

  it('who is in no list yet is offered that payment no more', async () => {
    const member = await world.tab();
    await join(member);
    world.chain.newest = 80;
    await member.enter();
    world.path = { kind: 'absent' };
    await member.claim([8]);
    expect(member.claiming).toMatchObject({ kind: 'stopped', stop: { kind: 'not-in-the-list' } });
    expect(member.home).toMatchObject({ kind: 'waiting', startsAt: 1_900 });
    expect((await world.tab()).claims).toEqual([]);
  }, 60_000);

  it('who has joined with another device is found in the list', async () => {
    const member = await world.tab();
    await member.enter();
    world.path = { kind: 'absent' };
    await member.lookForMyself();
    expect(member.home.kind).toBe('not-joined');
    world.path = new World().path;
    await member.lookForMyself();
    expect(member.home).toMatchObject({ kind: 'member', open: [4, 5, 6, 7] });
  }, 60_000);
});

describe('a page that waits for a payment', () => {
  /** Opens a page of a member whose request a service has, and who is not paid yet. */
  async function waiting(): Promise<Member> {
    const member = await world.tab();
    await join(member);
    world.chain.newest = 80;
    await member.enter();
    world.claim = took;
    await member.claim([8]);
    await until(() => member.claims[0]?.state.kind === 'sent');
    return member;
  }
  const verdictOf = (member: Member) =>
    member.checks?.results.find(({ name }) => name === 'payment')?.verdict;

  it('checks again until the chain shows it', async () => {
    const member = await waiting();
    member.open({ kind: 'check', nullifierHash: NULLIFIER });
    await until(() => member.checks !== undefined);
    expect(verdictOf(member)).toBe('not-checked');
    world.chain = { ...world.chain, newest: 82, payments: [payment] };
    await until(() => verdictOf(member) === 'pass');
  }, 60_000);

  it('reads the money again, keeps what it has read, and stops when it is left', async () => {
    const member = await waiting();
    member.open({ kind: 'money' });
    await until(() => member.money.kind === 'read');
    expect(member.money).toMatchObject({ payments: [] });
    world.chain = { ...world.chain, newest: 82, payments: [payment] };
    await until(() => member.money.kind === 'read' && member.money.payments.length === 1);
    const { money } = member;
    member.open({ kind: 'home' });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(member.money).toBe(money);
  }, 60_000);
});

describe('all about me', () => {
  it('shows an event as soon as it is deep enough in the chain', async () => {
    const member = await world.tab();
    await join(member);
    member.open({ kind: 'about' });
    await until(() => member.about.kind === 'read');
    expect(member.about).toMatchObject({ kind: 'read', events: [] });
    world.chain = { ...world.chain, newest: 78, logs: [entryOf(11n)] };
    await until(() => member.about.kind === 'read' && member.about.events.length === 1);
    expect(member.about).toMatchObject({ events: [{ kind: 'joined', leafIndex: 11 }] });
  }, 60_000);
});

describe('being in the list', () => {
  it('is read from the chain after a service has said so, as soon as the chain shows it', async () => {
    const member = await world.tab();
    await member.enter();
    member.open({ kind: 'code' });
    await until(() => member.visitCode !== undefined);
    world.enrolment = enrolled('mined', { leafIndex: 11 });
    await until(() => member.visitState.kind === 'in-the-list');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(member.entry).toBeUndefined();
    world.chain = { ...world.chain, newest: 78, logs: [entryOf(11n)] };
    await until(() => member.entry !== undefined);
    expect(member.entry).toMatchObject({ kind: 'checked', blockNumber: 78, sources: [RPC] });
    member.leave();
    expect(member.entry).toBeUndefined();
  }, 60_000);

  it('is not what an entry at another place shows', async () => {
    const member = await world.tab();
    await join(member);
    world.chain = { ...world.chain, newest: 78, logs: [entryOf(12n)] };
    member.open({ kind: 'about' });
    await until(() => member.about.kind === 'read' && member.about.events.length === 1);
    expect(member.entry).toBeUndefined();
  }, 60_000);
});

/** Adopts the deployment of the world's service. */
async function adoptedOf(world: World): Promise<Deployment | undefined> {
  await (await world.tab()).enter();
  return world.adopted;
}

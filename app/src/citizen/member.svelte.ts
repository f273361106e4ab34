import { isSameCalendar } from '../chain/calendar.ts';
import { readTokenUnit, type TokenUnit } from '../chain/contracts.ts';
import { RpcEndpoint } from '../chain/rpc.ts';
import type { RequestContext } from '../net/request.ts';
import { tryAgain } from '../service/problems.ts';
import { Service, type ReceiptView } from '../service/service.ts';
import { runAlone } from '../storage/work.ts';
import type { PathOutcome } from '../tree/tree.ts';
import type { VisitCode, VisitKind } from '../wallet/index.ts';
import type { AboutState } from './about/about.ts';
import type { Checks, FindPlace } from './check/check.ts';
import { canCome, type DeviceClaim } from './claim/claim.ts';
import {
  makeClaims,
  stopByService,
  type Claiming,
  type ClaimingContext,
  type ClaimOutcome,
} from './claim/claiming.ts';
import { chainNow } from './claim/countdown.ts';
import { ClaimQueue, ClaimStorage } from './claim/queue.ts';
import { keepRunning, QueueRunner } from './claim/runner.ts';
import { PackageShelf } from './custody/shelf.svelte.ts';
import {
  readFacts,
  surveyServices,
  trustedServices,
  type DeploymentFacts,
  type Survey,
} from './deployment/deployment.ts';
import { homeState, type HomeState } from './home/state.ts';
import {
  afterAbsence,
  afterChoosing,
  afterEndedVisit,
  afterJoining,
  afterShowing,
  firstPossibleEpoch,
  mergedMembership,
  newMembership,
  readMembership,
  standingOf,
  type Membership,
} from './membership/membership.ts';
import {
  epochsBetween,
  ownPayments,
  paymentsSince,
  readBalances,
  readReceiving,
  type Receiving,
} from './money/money.ts';
import { Purse } from './money/purse.svelte.ts';
import {
  refusalCode,
  type CitizenWallet,
  type CustodyWallet,
  type SigningWallet,
} from './ports.ts';
import {
  onChain,
  readPresent,
  whyNotRead,
  type Checked,
  type Evidence,
  type PresentOutcome,
} from './present/present.ts';
import { answerFault } from './receipt/binding.ts';
import type { Judgement } from './receipt/judgement.ts';
import { judgeReceipt } from './receipt/judging.ts';
import {
  mergedNetwork,
  readNetwork,
  recommendedEndpoints,
  unansweredEndpoints,
  usedEndpoints,
  withAnswers,
  type EndpointAnswer,
  type Network,
} from './settings/network.ts';
import type { SettingsStorage } from './settings/settings.ts';
import type { BalanceState, Checker, MemberPage, MoneyState } from './states.ts';
import {
  afterAnotherLook,
  afterLook,
  hasPackage,
  isSettled,
  lookAtVisit,
  WATCH_EVERY_MS,
  type VisitState,
} from './visit/watch.ts';

const UNREACHABLE = { kind: 'unreachable' } as const;
/** Age from which the present is read again before the queue runs. */
const PRESENT_LASTS_MS = 60_000;

/** Surroundings of the way to a payment. */
export interface MemberContext {
  wallet: CitizenWallet;
  /** Wallet of the person's own transactions. */
  signing: SigningWallet;
  /** Wallet of visits to an orb and of what it sends home. */
  custody: CustodyWallet;
  storage: SettingsStorage;
  /** Address of the service that is asked where the person has named none. */
  ownService: string;
  request: RequestContext;
  findPath: ClaimingContext['findPath'];
}

/** The way from an identity to a payment: what is known, and the work that the screens ask for. */
export class Member {
  page = $state.raw<MemberPage>({ kind: 'home' });
  network = $state.raw<Network>({ services: [], endpoints: undefined, answers: {} });
  /** Endpoints that the services of the adopted deployment recommend. */
  recommended = $state.raw<readonly string[]>([]);
  survey = $state.raw<Survey>();
  facts = $state.raw<DeploymentFacts>();
  membership = $state.raw<Membership>();
  present = $state.raw<PresentOutcome>();
  claims = $state.raw<readonly DeviceClaim[]>([]);
  claiming = $state.raw<Claiming>({ kind: 'idle' });
  visitCode = $state.raw<VisitCode>();
  visitState = $state.raw<VisitState>({ kind: 'not-seen' });
  /** Code of the wallet's refusal to show a code or an address. */
  refusal = $state<string>();
  receiving = $state.raw<Receiving>({ kind: 'fresh' });
  freshAddress = $state<string>();
  unit = $state.raw<TokenUnit>();
  money = $state.raw<MoneyState>({ kind: 'reading' });
  balance = $state.raw<BalanceState>({ kind: 'not-asked' });
  checks = $state.raw<Checks>();
  about = $state.raw<AboutState>({ kind: 'reading' });
  /** Time of the chain now, counted on by this device; none before it was read. */
  chainSecs = $state<number>();

  /** Part that checks, which the pages of an opened identity bring along. */
  checker: Checker | undefined;

  /** Money that leaves the person's accounts. */
  readonly purse: Purse;
  /** Packages that orbs sent home. */
  readonly shelf: PackageShelf;

  #queue: ClaimQueue | undefined;
  #runner: QueueRunner | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #presentReadings = 0;
  #visitTimer: ReturnType<typeof setTimeout> | undefined;
  #watchTimer: ReturnType<typeof setTimeout> | undefined;
  #pageTimer: ReturnType<typeof setTimeout> | undefined;
  #isAtWork = false;

  constructor(private readonly context: MemberContext) {
    this.purse = new Purse({
      wallet: context.signing,
      facts: () => this.facts,
      endpoints: () => this.#endpoints(),
      epochs: () => this.ownEpochs,
      unit: () => this.unit,
    });
    this.shelf = new PackageShelf({
      wallet: context.custody,
      services: () => this.#services(),
      runAlone: (work) => runAlone('annona-custody', work),
    });
  }

  /** Epochs whose accounts may hold money, the newest first: the present one, and those paid. */
  get ownEpochs(): readonly number[] {
    const { money, present } = this;
    const paid = money.kind === 'read' ? money.payments.map(({ epoch }) => epoch) : [];
    const now = present?.kind === 'present' ? [present.present.facts.epoch] : [];
    return [...new Set([...now, ...paid])].sort((a, b) => b - a);
  }

  /** Wallet of visits and packages. */
  get custody(): CustodyWallet {
    return this.context.custody;
  }

  /** State of the home page. */
  get home(): HomeState {
    const { facts, survey, membership, present, claims, chainSecs } = this;
    return homeState({ facts, survey, membership, present, claims, chainSecs });
  }

  /** Evidence for the present; none before it was read. */
  get evidence(): Evidence | undefined {
    const { present } = this;
    if (present?.kind === 'present') return present.present.evidence;
    return present?.kind === 'before-genesis' ? present.evidence : undefined;
  }

  /** Reading of the chain that showed the own entry in the list; none before one did. */
  get entry(): Checked | undefined {
    return this.checker?.entryIn(this.about, this.membership?.leafIndex);
  }

  /** Addresses of the services that are asked. */
  get services(): readonly string[] {
    return this.network.services;
  }

  /** Addresses of the endpoints that are asked: those that the person named or has agreed to. */
  get endpoints(): readonly string[] {
    return usedEndpoints(this.network, this.recommended);
  }

  /** Recommended endpoints about which the person is asked before anything is asked of them. */
  get unanswered(): readonly string[] {
    return unansweredEndpoints(this.network, this.recommended);
  }

  /** Takes up what was left: settings, facts, and the claims of the queue, which need no secret. */
  async start(): Promise<void> {
    const { storage, ownService } = this.context;
    this.network = readNetwork(await storage.recall('network'), ownService);
    const recommended = await storage.recall('recommended');
    this.recommended = Array.isArray(recommended) ? recommendedEndpoints([recommended]) : [];
    this.receiving = readReceiving(await storage.recall('receiving'));
    this.unit = readUnit(await storage.recall('unit'));
    setInterval(() => this.#tick(), 1_000);
    const facts = readFacts(await storage.recall('facts'));
    // What is under way needs no secret, and is looked at before the identity is open.
    this.facts ??= facts;
    await this.purse.start();
    window.addEventListener('online', () => this.membership && void this.enter());
    const claims = await ClaimStorage.open().catch(() => undefined);
    if (!claims) return;
    this.#queue = new ClaimQueue({
      storage: claims,
      runAlone: (work) => runAlone('annona-claims', work),
      services: () => this.#services(),
      // Without facts there is no service to send to, and none that answers.
      findFault: async (view, claim) =>
        this.facts ? answerFault(view, claim, this.facts) : 'other-signer',
      now: () => ({ deviceMs: Date.now(), chainSecs: this.chainSecs }),
    });
    this.#runner = new QueueRunner({
      queue: this.#queue,
      prepare: () => this.#prepare(),
      readPayments: (epoch) => this.#readPayments(epoch),
      judge: (claim, receipt) => this.#judge(claim, receipt),
      onClaims: (it) => (this.claims = it),
      nowMs: () => performance.now(),
      chainSecs: () => this.chainSecs,
    });
    keepRunning(this.#runner);
  }

  /** Looks at everything anew, with the identity open. */
  async enter(): Promise<void> {
    const { network } = this;
    this.refusal = undefined;
    try {
      await this.#survey();
      const commitment = await this.context.wallet.commitment();
      this.membership = readMembership(await this.context.storage.recall('membership'), commitment);
    } catch (error) {
      this.refusal = refusalCode(error);
      return;
    }
    // The lists may have changed while the services were asked; the change looks for itself.
    if (network !== this.network) return;
    await this.#readPresent();
    // The identity may have been locked while the chain was read.
    const { membership } = this;
    // An orb may have sent a code of the last visit after the app was closed.
    if (membership && standingOf(membership) !== 'member') void this.#watch();
    if (membership) void (this.page.kind === 'about' ? this.shelf.work() : this.shelf.fetch());
  }

  /** Forgets what belongs to an open identity. */
  leave(): void {
    this.endVisit();
    this.page = { kind: 'home' };
    this.membership = undefined;
    this.freshAddress = undefined;
    this.refusal = undefined;
    this.money = { kind: 'reading' };
    this.balance = { kind: 'not-asked' };
    this.about = { kind: 'reading' };
    this.purse.leave();
    this.shelf.leave();
  }

  open(page: MemberPage): void {
    if (this.page.kind === 'code' && page.kind !== 'code') this.endVisit();
    // Whoever goes elsewhere has read why no claim was made.
    if (this.claiming.kind === 'stopped') this.claiming = { kind: 'idle' };
    clearTimeout(this.#pageTimer);
    this.page = page;
    if (page.kind === 'code') void this.#showCode();
    if (page.kind === 'money') {
      this.money = { kind: 'reading' };
      this.balance = { kind: 'not-asked' };
      void this.#readMoney();
      void this.purse.refresh();
    }
    if (page.kind === 'receiving') void this.#readAddress();
    if (page.kind === 'about') {
      this.about = { kind: 'reading' };
      void this.#readAbout();
      void this.shelf.work();
    }
    if (page.kind === 'check') {
      this.checks = undefined;
      void this.#check(page.nullifierHash, this.#placeFinder());
    }
    if (page.kind === 'own-claim') void this.planOwnClaim(page.nullifierHash);
    if (page.kind === 'replace') void this.purse.planReplacement(page.id, page.change);
    // A key does not stay behind a page that was left.
    this.purse.beginExport();
  }

  // Services and endpoints.

  async chooseNetwork(network: Network): Promise<void> {
    const { storage, ownService } = this.context;
    const before = this.network;
    this.network = network;
    const merged = await storage.change('network', (stored) =>
      mergedNetwork(stored === undefined ? before : readNetwork(stored, ownService), before, network),
    );
    // Another choice may have been made meanwhile; it merges with this one.
    if (this.network !== network) return;
    this.network = merged;
    this.#readAtMs = Number.NEGATIVE_INFINITY;
    this.#runner?.readSoon();
    await this.enter();
  }

  /** Takes the person's answer about endpoints that services recommend. */
  async answerEndpoints(addresses: readonly string[], answer: EndpointAnswer): Promise<void> {
    await this.chooseNetwork(withAnswers(this.network, addresses, answer));
  }

  /** Reads the chain through the endpoints that services recommend, as the person asks. */
  async useRecommended(): Promise<void> {
    const agreed = withAnswers(this.network, this.recommended, 'yes');
    await this.chooseNetwork({ ...agreed, endpoints: undefined });
  }

  #all(): Service[] {
    return this.network.services.map((address) => new Service(address, this.context.request));
  }

  #services(): Service[] {
    return this.survey ? trustedServices(this.#all(), this.survey) : [];
  }

  #endpoints(): RpcEndpoint[] {
    return this.endpoints.map((address) => new RpcEndpoint(address, this.context.request));
  }

  async #survey(): Promise<void> {
    const { network } = this;
    const remembered = readFacts(await this.context.storage.recall('facts'));
    const survey = await surveyServices(this.#all(), this.context.wallet, remembered);
    if (network !== this.network) return;
    this.survey = survey;
    this.facts = survey.facts;
    if (survey.facts) await this.context.storage.keep('facts', survey.facts);
    // While all services are silent, the endpoints that they recommended stay known.
    if (trustedServices(this.#all(), survey).length === 0) return;
    this.recommended = survey.recommended;
    await this.context.storage.keep('recommended', survey.recommended);
  }

  async #readPresent(): Promise<void> {
    const { facts } = this;
    if (!facts) return;
    const monotonicMs = () => performance.now();
    this.#presentReadings += 1;
    const reading = this.#presentReadings;
    const present = await readPresent(facts, this.#services(), this.#endpoints(), monotonicMs);
    // A reading that began later knows more, whichever of the two ends first.
    if (reading !== this.#presentReadings) return;
    this.present = this.#withTime(present);
    const calendar = present.kind === 'present' ? present.present.calendar : undefined;
    if (calendar && !isSameCalendar(calendar, facts.calendar)) {
      await this.#correct({ ...facts, calendar });
    }
    this.#readAtMs = performance.now();
    this.#tick();
    await this.#readUnit(facts);
  }

  /** Takes facts from the chain, and trusts no longer the services that told others. */
  async #correct(facts: DeploymentFacts): Promise<void> {
    this.facts = facts;
    await this.context.storage.keep('facts', facts);
    await this.#survey();
  }

  async #readUnit(facts: DeploymentFacts): Promise<void> {
    if (this.unit || this.endpoints.length === 0) return;
    const read = await onChain(this.#endpoints(), facts, (endpoint, block) =>
      readTokenUnit(endpoint, facts.deployment, block),
    );
    if (read.kind !== 'read') return;
    this.unit = read.reading.value;
    await this.context.storage.keep('unit', this.unit);
  }

  /** Returns the time of the chain, and while nobody tells it, that of this device. */
  #nowSecs(): number {
    return this.chainSecs ?? Math.floor(Date.now() / 1_000);
  }

  /** Adds to a failure the time from which another try is worth it. */
  #withTime(present: PresentOutcome): PresentOutcome {
    const again = present.kind === 'failure' && tryAgain(present.failure, this.#nowSecs());
    return again ? { ...present, again } : present;
  }

  #tick(): void {
    if (this.present?.kind !== 'present') return;
    const { clock, facts } = this.present.present;
    this.chainSecs = chainNow(clock, performance.now());
    const isOld = performance.now() - this.#readAtMs > PRESENT_LASTS_MS;
    if (this.chainSecs >= facts.endsAt && isOld) {
      this.#readAtMs = performance.now();
      void this.#readPresent();
    }
  }

  // Claims.

  async #prepare(): Promise<void> {
    if (this.#services().length === 0) await this.#survey().catch(() => undefined);
    if (performance.now() - this.#readAtMs > PRESENT_LASTS_MS) await this.#readPresent();
  }

  async #readPayments(epoch: number) {
    const { facts } = this;
    if (!facts) return undefined;
    const read = await onChain(this.#endpoints(), facts, (endpoint, block) =>
      paymentsSince(endpoint, facts, epoch, block),
    );
    if (read.kind !== 'read') return undefined;
    const { value, sources } = read.reading;
    return { ...value, sources };
  }

  /** Holds a receipt against the chain, without naming its payee to the endpoints. */
  async #judge(claim: DeviceClaim, receipt: ReceiptView): Promise<Judgement | undefined> {
    const { facts } = this;
    if (!facts) return undefined;
    const outcome = await judgeReceipt(claim, receipt, facts, this.#endpoints(), 'do-not-ask');
    return outcome.kind === 'judged' ? outcome.judgement : undefined;
  }

  /** Makes the claims of epochs, the oldest first, and has the queue send them. */
  async claim(epochs: readonly number[]): Promise<void> {
    const { facts, present, membership } = this;
    const queue = this.#queue;
    if (!facts || !membership || present?.kind !== 'present') return;
    await this.#alone(async () => {
      const context = {
        facts,
        services: this.#services(),
        endpoints: this.#endpoints(),
        wallet: this.context.wallet,
        findPath: this.context.findPath,
        enqueue: async (...claim: Parameters<ClaimQueue['add']>) => {
          if (!queue) throw new Error('claims cannot be kept in this browser');
          return queue.add(...claim);
        },
        knownLeaf: membership.leafIndex,
        nowSecs: () => this.#nowSecs(),
        ownAddress: this.receiving.kind === 'own' ? this.receiving.address : undefined,
      };
      await makeClaims(
        context,
        epochs,
        (state) => (this.claiming = state),
        (claimed, outcome) => this.#afterClaim(claimed, outcome),
      );
    });
  }

  async #afterClaim(epoch: number, outcome: ClaimOutcome): Promise<void> {
    const { membership } = this;
    if (outcome.kind === 'queued') {
      this.#runner?.readSoon();
      void this.#runner?.run().catch(() => undefined);
    } else if (outcome.stop.kind === 'not-in-the-list' && membership) {
      await this.#keep(afterAbsence(membership, epoch));
    }
  }

  /** Looks for the person in the list of the present epoch: one who joined on another device. */
  async lookForMyself(): Promise<void> {
    const { membership } = this;
    if (!membership) return;
    await this.#alone(async () => {
      // Whoever presses at once is not answered by a reading from before an endpoint was named.
      if (this.evidence?.kind !== 'checked') await this.#readPresent();
      const { present } = this;
      if (present?.kind !== 'present') {
        const failure = present?.kind === 'failure' ? present.failure : UNREACHABLE;
        const stop = stopByService(failure, this.#nowSecs());
        this.claiming = { kind: 'stopped', epoch: 0, stop };
        return;
      }
      const { facts, evidence } = present.present;
      const { epoch, memberCount } = facts;
      // By a wrong number of members a service could have few tiles asked for at once (IDENT-9).
      if (evidence.kind === 'not-checked') {
        const stop = { kind: 'chain', why: evidence.why } as const;
        this.claiming = { kind: 'stopped', epoch, stop };
        return;
      }
      this.claiming = { kind: 'finding', epoch, tiles: 0 };
      const found = await this.context.findPath(
        this.#services(),
        epoch,
        memberCount,
        membership.commitment,
        undefined,
        (tiles) => (this.claiming = { kind: 'finding', epoch, tiles }),
      );
      const stopped = (stop: Extract<Claiming, { kind: 'stopped' }>['stop']) =>
        (this.claiming = { kind: 'stopped', epoch, stop });
      switch (found.kind) {
        case 'found':
          await this.#keep(afterJoining(membership, found.path.leafIndex));
          this.claiming = { kind: 'idle' };
          return;
        case 'absent':
          return void stopped({ kind: 'not-in-the-list' });
        case 'too-few-leaves':
          return void stopped({ kind: 'too-few-leaves' });
        case 'failure':
          return void stopped(stopByService(found.failure, this.#nowSecs()));
      }
    });
  }

  /** Reads the own events, and reads again while the page that shows them has none to show. */
  async #readAbout(): Promise<void> {
    const { facts, membership, page, checker } = this;
    const about: AboutState =
      facts && membership && checker
        ? await checker.readAbout(facts, membership, this.#endpoints())
        : { kind: 'not-read', why: 'no-answer' };
    if (this.page !== page) return;
    this.about = about;
    if (about.kind === 'read' && about.events.length > 0) return;
    this.#lookAgain(page, () => this.#readAbout());
  }

  /** Looks in the chain for the entry that a service tells of, and again while its page is open. */
  async #lookForEntry(): Promise<void> {
    const { facts, membership, page, checker } = this;
    if (!facts || !membership || !checker || this.endpoints.length === 0) return;
    const about = await checker.readAbout(facts, membership, this.#endpoints());
    if (this.page !== page || this.membership?.commitment !== membership.commitment) return;
    this.about = about;
    if (!this.entry && page.kind === 'code') this.#lookAgain(page, () => this.#lookForEntry());
  }

  /** Reads once more what a page shows, for as long as the page is open. */
  #lookAgain(page: MemberPage, read: () => Promise<void>): void {
    clearTimeout(this.#pageTimer);
    this.#pageTimer = setTimeout(() => {
      if (this.page === page) void read();
    }, WATCH_EVERY_MS);
  }

  /** Checks the person's place, and a claim, and again while the chain can still say more. */
  async #check(nullifierHash: string | undefined, findPlace: FindPlace): Promise<void> {
    const { facts, page, checker } = this;
    if (!facts || !checker) return;
    const claim = this.claims.find((it) => it.nullifierHash === nullifierHash);
    const endpoints = this.#endpoints();
    const checks = await (claim
      ? checker.checkClaim(claim, facts, endpoints, findPlace)
      : checker.checkPlace(facts, endpoints, findPlace));
    if (this.page !== page) return;
    this.checks = checks;
    if (checker.canChange(checks)) {
      this.#lookAgain(page, () => this.#check(nullifierHash, findPlace));
    }
  }

  /** Returns the search for the person's place, which asks for no list twice once it is found. */
  #placeFinder(): FindPlace {
    const found = new Map<number, PathOutcome>();
    return async (epoch, members) => {
      const { membership } = this;
      const known = found.get(epoch);
      if (known || !membership) return known ?? { kind: 'absent' };
      const { commitment, leafIndex } = membership;
      const { findPath } = this.context;
      const outcome = await findPath(this.#services(), epoch, members, commitment, leafIndex);
      if (outcome.kind === 'found') found.set(epoch, outcome);
      return outcome;
    };
  }

  /** Reads what it costs to send a claim without a service. */
  async planOwnClaim(nullifierHash: string): Promise<void> {
    const claim = this.claims.find((it) => it.nullifierHash === nullifierHash);
    if (claim) await this.purse.planOwnClaim(claim);
  }

  /** Sends a claim without a service, and shows its transaction. */
  async sendOwnClaim(nullifierHash: string): Promise<void> {
    const claim = this.claims.find((it) => it.nullifierHash === nullifierHash);
    const id = claim && (await this.purse.sendOwnClaim(claim));
    if (id === undefined) return;
    this.#runner?.readSoon();
    this.open({ kind: 'transfer', id });
  }

  // The visit to an orb.

  async #showCode(): Promise<void> {
    const { facts, membership } = this;
    if (!facts || !membership) return;
    this.endVisit();
    // A visit that a service knows needs no other code.
    if (standingOf(membership) !== 'unknown') return this.#watch();
    const { custody } = this.context;
    const renew = async () => {
      const now = Math.floor(Date.now() / 1_000);
      const code = await custody.call('visitCode', { now });
      if (this.page.kind !== 'code' || !this.membership) return;
      this.visitCode = code;
      await this.#keep(afterShowing(this.membership, code.nonce, this.chainSecs));
      this.#visitTimer = setTimeout(() => void renew().catch(refuse), 1_000 * (code.renewAt - now));
    };
    const refuse = (error: unknown) => void (this.refusal = refusalCode(error));
    try {
      await custody.call('beginVisit', { kind: membership.visitKind ?? 'new' });
      await renew();
    } catch (error) {
      refuse(error);
    }
    await this.#watch();
  }

  /** Takes the code off the screen. What became of it is still looked for while it can matter. */
  endVisit(): void {
    clearTimeout(this.#visitTimer);
    clearTimeout(this.#watchTimer);
    this.visitCode = undefined;
  }

  /** Begins a visit of a kind, in the place of an earlier one. */
  async beginVisit(kind: VisitKind): Promise<void> {
    if (this.membership) await this.#keep(afterChoosing(this.membership, kind));
    this.visitState = { kind: 'not-seen' };
    this.open({ kind: 'code' });
  }

  /** Begins again after a visit that came to nothing. */
  async visitAgain(): Promise<void> {
    if (this.membership) await this.#keep(afterEndedVisit(this.membership));
    this.visitState = { kind: 'not-seen' };
    this.open({ kind: 'code' });
  }

  async #watch(): Promise<void> {
    clearTimeout(this.#watchTimer);
    const { membership } = this;
    if (!membership) return;
    const { nonces, seenNonce, commitment } = membership;
    const asked = seenNonce === undefined ? nonces : [...new Set([seenNonce, ...nonces])];
    if (asked.length === 0) return;
    const now = () => this.#nowSecs();
    const { state, nonce } = await lookAtVisit(this.#services(), asked, commitment, now);
    // The identity may have been locked, or another code shown, while the services were asked.
    if (!this.membership || this.membership.commitment !== commitment) return;
    const isNews = state.kind !== this.visitState.kind;
    this.visitState = afterAnotherLook(this.visitState, state, now());
    // Before anything else is noted, so that a tab that is closed here looks once more.
    if (isNews && nonce !== undefined && hasPackage(state)) await this.shelf.take(nonce);
    if (!this.membership) return;
    await this.#keep(afterLook(this.membership, state, nonce, this.chainSecs));
    if (isSettled(state)) {
      clearTimeout(this.#visitTimer);
      await this.#readPresent();
      if (state.kind === 'in-the-list') await this.#lookForEntry();
      return;
    }
    const isJoining = this.membership && standingOf(this.membership) === 'joining';
    if (this.page.kind !== 'code' && !isJoining) return;
    this.#watchTimer = setTimeout(() => void this.#watch(), WATCH_EVERY_MS);
  }

  async #keep(membership: Membership): Promise<void> {
    if (membership === this.membership) return;
    const before = this.membership ?? newMembership(membership.commitment);
    this.membership = membership;
    const merged = await this.context.storage.change('membership', (stored) =>
      mergedMembership(
        stored === undefined ? before : readMembership(stored, membership.commitment),
        before,
        $state.snapshot(membership),
      ),
    );
    if (this.membership === membership) this.membership = merged;
  }

  // Money.

  /** Reads the own payments, and again while one can still come. */
  async #readMoney(): Promise<void> {
    const { page } = this;
    const money = await this.#ownMoney();
    if (this.page !== page) return;
    // What was read stays on the page while the chain cannot be read once more.
    if (money.kind === 'read' || this.money.kind !== 'read') this.money = money;
    if (canCome(this.claims) || (money.kind === 'not-read' && money.why !== 'no-endpoint')) {
      this.#lookAgain(page, () => this.#readMoney());
    }
  }

  async #ownMoney(): Promise<MoneyState> {
    const { facts, membership, endpoints, present } = this;
    if (endpoints.length === 0) return { kind: 'not-read', why: 'no-endpoint' };
    if (!facts || !membership || present?.kind !== 'present') {
      return { kind: 'not-read', why: 'no-answer' };
    }
    const first = firstPossibleEpoch(membership, facts.calendar);
    const epochs = epochsBetween(first, present.present.facts.epoch);
    let hashes: string[];
    try {
      hashes = await this.context.wallet.nullifierHashes(epochs);
    } catch (error) {
      return { kind: 'wallet', code: refusalCode(error) };
    }
    const read = await onChain(this.#endpoints(), facts, (endpoint, block) =>
      paymentsSince(endpoint, facts, epochs[0] ?? 0, block),
    );
    if (read.kind !== 'read') {
      return { kind: 'not-read', why: whyNotRead(read, endpoints.length) };
    }
    const { value, block, sources } = read.reading;
    return {
      kind: 'read',
      payments: ownPayments(value.payments, epochs, hashes),
      evidence: { kind: 'checked', blockNumber: block.number, sources },
    };
  }

  /** Reads the balance of all addresses that were paid. The endpoints learn that they belong together. */
  async readBalance(): Promise<void> {
    const { facts, money } = this;
    if (!facts || money.kind !== 'read') return;
    this.balance = { kind: 'reading' };
    const addresses = money.payments.map(({ recipient }) => recipient);
    const read = await onChain(this.#endpoints(), facts, (endpoint, block) =>
      readBalances(endpoint, facts.deployment, addresses, block),
    );
    this.balance =
      read.kind === 'read'
        ? { kind: 'read', balance: read.reading.value }
        : { kind: 'not-read', why: whyNotRead(read, this.endpoints.length) };
  }

  async #readAddress(): Promise<void> {
    if (this.present?.kind !== 'present') return;
    try {
      this.freshAddress = await this.context.wallet.receiveAddress(this.present.present.facts.epoch);
    } catch (error) {
      this.refusal = refusalCode(error);
    }
  }

  async chooseReceiving(receiving: Receiving): Promise<void> {
    this.receiving = receiving;
    await this.context.storage.keep('receiving', receiving);
  }

  /** Does work unless there is some under way: a second tap on a button does nothing. */
  async #alone(work: () => Promise<void>): Promise<void> {
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    try {
      await work();
    } finally {
      this.#isAtWork = false;
    }
  }
}

function readUnit(stored: unknown): TokenUnit | undefined {
  const { symbol, decimals } = (stored ?? {}) as Partial<TokenUnit>;
  const isUnit = typeof symbol === 'string' && Number.isSafeInteger(decimals);
  return isUnit ? ({ symbol, decimals } as TokenUnit) : undefined;
}

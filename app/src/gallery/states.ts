import type { Component } from 'svelte';

import AboutPage from '../citizen/about/AboutPage.svelte';
import CheckPage from '../citizen/check/CheckPage.svelte';
import type { CheckReason } from '../citizen/check/check.ts';
import ClaimHome from '../citizen/claim/ClaimHome.svelte';
import type { ClaimState } from '../citizen/claim/claim.ts';
import PaymentPage from '../citizen/claim/PaymentPage.svelte';
import CopyPage from '../citizen/copy/CopyPage.svelte';
import type { CopyState } from '../citizen/copy/copy.ts';
import Help from '../citizen/help/Help.svelte';
import Home from '../citizen/home/Home.svelte';
import Card from '../citizen/identity/Card.svelte';
import CardCheck from '../citizen/identity/CardCheck.svelte';
import CardOffer from '../citizen/identity/CardOffer.svelte';
import CardReminder from '../citizen/identity/CardReminder.svelte';
import Confirm from '../citizen/identity/Confirm.svelte';
import Failed from '../citizen/identity/Failed.svelte';
import PasskeyOffer from '../citizen/identity/PasskeyOffer.svelte';
import Pin from '../citizen/identity/Pin.svelte';
import Words from '../citizen/identity/Words.svelte';
import Working from '../citizen/identity/Working.svelte';
import Joined from '../citizen/joined/Joined.svelte';
import Money from '../citizen/money/Money.svelte';
import ReceivingPage from '../citizen/money/ReceivingPage.svelte';
import type { InstallAdvice } from '../citizen/install/install.ts';
import ReleasePage from '../citizen/release/ReleasePage.svelte';
import type { ReleaseCheck } from '../citizen/release/release.ts';
import Addresses from '../citizen/settings/Addresses.svelte';
import EndpointQuestion from '../citizen/settings/EndpointQuestion.svelte';
import Language from '../citizen/settings/Language.svelte';
import Settings from '../citizen/settings/Settings.svelte';
import Recovery from '../citizen/visit/Recovery.svelte';
import Visit from '../citizen/visit/Visit.svelte';
import VisitCode from '../citizen/visit/VisitCode.svelte';
import Welcome from '../citizen/welcome/Welcome.svelte';
import { t } from '../messages/current.svelte.ts';
import type { ScanState } from '../scan/scan.ts';
import ScanView from '../scan/ScanView.svelte';
import Components from './Components.svelte';
import {
  AMOUNT,
  CALENDAR,
  CHAIN_SECS,
  CHECKED,
  claim,
  DAY_SECS,
  EPOCH,
  GENESIS,
  nothing,
  OWN_ADDRESS,
  UNIT,
  word,
} from './examples.ts';
import { CUSTODY_STATES, KEPT_SHELF } from './custody.ts';
import NewVersionExample from './NewVersionExample.svelte';
import { SENDING_STATES, transfer } from './sending.ts';


/** Words of the secret that is all zeros, as an example of a card. */
const EXAMPLE_WORDS = [...Array.from({ length: 23 }, () => 'abandon'), 'art'];

/** As long as the code of a card is. */
const EXAMPLE_CODE = `ANNONA-CARD-1:${'A2B3C4D5'.repeat(14)}ABCDE`;

const card = (more: object) => ({
  component: Card,
  props: { card: { words: EXAMPLE_WORDS, ...more }, onwritten: nothing, onback: nothing },
});
const cardReminder = (isCardChecked: boolean) => ({
  component: CardReminder,
  props: { isCardChecked, onshow: nothing, ondone: nothing },
});
const scan = (state: ScanState) => ({
  component: ScanView,
  props: {
    // Read when the page is shown, and not before the language is known.
    get title() {
      return t('scan.card-title');
    },
    get text() {
      return t('scan.card-text');
    },
    scan: state,
    onpicture: nothing,
    onback: nothing,
  },
});

/** As long as the third code of a copy is. */
const EXAMPLE_COPY_CODE = `ANNONA-COPY-1:${'A2B3C4D5'.repeat(19)}ABCDE`;
const copy = (state: CopyState) => ({
  component: CopyPage,
  props: {
    copy: state,
    onnext: nothing,
    onscan: nothing,
    onsame: nothing,
    ondifferent: nothing,
    onback: nothing,
  },
});

const confirm = (props: object) => ({
  component: Confirm,
  props: {
    task: 'unlock',
    isBusy: false,
    canUsePin: true,
    hasPasskey: false,
    onpin: nothing,
    onpasskey: nothing,
    onhelp: nothing,
    ...props,
  },
});
const failed = (code: string) => ({
  component: Failed,
  props: { failure: { code }, onagain: nothing, oncard: nothing },
});
const settings = (props: object) => ({
  component: Settings,
  props: {
    theme: 'system',
    hasPasskey: false,
    canAddPasskey: true,
    serviceCount: 1,
    endpointCount: 0,
    onlanguage: nothing,
    onservices: nothing,
    onendpoints: nothing,
    onrelease: nothing,
    ontheme: nothing,
    ontask: nothing,
    oncopy: nothing,
    onback: nothing,
    ...props,
  },
});
const around = {
  isCardChecked: true,
  oncard: nothing,
  onendpoints: nothing,
  onservices: nothing,
  onmoney: nothing,
  oncheck: nothing,
  onabout: nothing,
  onsettings: nothing,
  onhelp: nothing,
  onlock: nothing,
};
const withoutCard = { ...around, isCardChecked: false };
const home = (kind: string, props: object = {}) => ({
  component: Home,
  props: {
    around,
    home: { kind },
    survey: undefined,
    claiming: { kind: 'idle' },
    hasPasskey: false,
    onvisit: nothing,
    onlook: nothing,
    onservices: nothing,
    onagain: nothing,
    ...props,
  },
});

const SERVICE = 'https://annona.example/';
const OTHER_SERVICE = 'https://annona-payments.example/';
const NOT_CHECKED = { kind: 'not-checked', why: 'no-endpoint' };

const PAID: ClaimState = {
  kind: 'final',
  transaction: word('f'),
  blockNumber: 18_699_000,
  evidence: CHECKED,
};
const sent = (status: 'queued' | 'batched' | 'mined'): ClaimState => ({
  kind: 'sent',
  service: SERVICE,
  status,
  notBeforeMs: 0,
  ...(status !== 'queued' && { transaction: word('f') }),
});
const receipt = (deadline: number) => ({
  service: SERVICE,
  receipt: { ...claim(EPOCH, PAID).request, deadline, signature: `0x${'6'.repeat(130)}` },
});
/** Receipt that was judged: a verdict, and whether the payee was asked for. */
const judged = (verdict: object, questions = 'ask') => ({
  receipts: [
    {
      ...receipt(CHAIN_SECS - 60),
      judgement: { verdict, questions, blockNumber: 18_700_123, chainSecs: CHAIN_SECS },
    },
  ],
});
const present = (open: readonly number[], more: object = {}) => ({
  kind: 'member',
  open,
  present: {
    facts: {
      epoch: EPOCH,
      startsAt: GENESIS + EPOCH * DAY_SECS,
      endsAt: GENESIS + (EPOCH + 1) * DAY_SECS,
      oldestClaimable: EPOCH - 3,
      memberCount: 1_204,
      root: word('5'),
      amount: AMOUNT,
      ...more,
    },
    clock: { chainTime: CHAIN_SECS, readAtMs: 0 },
    evidence: CHECKED,
    isServiceWrong: false,
  },
});
const member = (props: object) => ({
  component: ClaimHome,
  props: {
    around,
    home: present([EPOCH]),
    calendar: CALENDAR,
    claims: [],
    claiming: { kind: 'idle' },
    unit: UNIT,
    chainSecs: CHAIN_SECS,
    onclaim: nothing,
    onpayment: nothing,
    onagain: nothing,
    ...props,
  },
});
const payment = (state: ClaimState, more: object = {}, canSendAlone = false) => ({
  component: PaymentPage,
  props: {
    claim: claim(EPOCH, state, more),
    calendar: CALENDAR,
    chainSecs: CHAIN_SECS,
    canSendAlone,
    onalone: nothing,
    onendpoints: nothing,
    oncheck: nothing,
    onback: nothing,
  },
});
const visit = (state: object, code?: string, entry?: object) => ({
  component: VisitCode,
  props: {
    ...{ code, visit: state, entry, onagain: nothing, onlost: nothing, onabout: nothing },
    ...{ onnew: nothing, ondone: nothing, onback: nothing },
  },
});
/** Times that a service named: three days, and two minutes, after the examples' present. */
const IN_DAYS = { at: CHAIN_SECS + 3 * DAY_SECS, waitSecs: 3 * DAY_SECS };
const IN_MINUTES = { at: CHAIN_SECS + 120, waitSecs: 120 };
const VISIT_CODE = `ANNONA-VISIT-1:${'A2B3C4D5'.repeat(38)}`;
const joined = (props: object) => ({
  component: Joined,
  props: {
    around,
    startsAt: GENESIS + (EPOCH + 1) * DAY_SECS,
    secsLeft: 56_400,
    calendar: CALENDAR,
    chainSecs: CHAIN_SECS,
    evidence: CHECKED,
    claiming: { kind: 'idle' },
    ...props,
  },
});
const payments = [EPOCH, EPOCH - 1, EPOCH - 2].map((epoch) => ({
  epoch,
  nullifierHash: word(String(epoch % 10)),
  recipient: OWN_ADDRESS,
  amount: AMOUNT,
  fee: 0n,
  blockNumber: 18_699_000,
  transactionHash: word('f'),
}));
const money = (state: object, balance: object = { kind: 'not-asked' }, more: object = {}) => ({
  component: Money,
  props: {
    money: state,
    balance,
    calendar: CALENDAR,
    unit: UNIT,
    transfers: [],
    onbalance: nothing,
    onreceiving: nothing,
    onsend: nothing,
    onexport: nothing,
    ontransfer: nothing,
    onendpoints: nothing,
    onlock: nothing,
    onback: nothing,
    ...more,
  },
});
const receiving = (props: object) => ({
  component: ReceivingPage,
  props: {
    receiving: { kind: 'fresh' },
    freshAddress: OWN_ADDRESS,
    claims: [],
    losing: [],
    onchoose: nothing,
    onback: nothing,
    ...props,
  },
});
/** Verdict of a check by its reason, as `check.ts` has it. */
const verdictOf = (reason: CheckReason) => {
  if (['no-endpoint', 'no-answer', 'disagreement'].includes(reason)) return 'not-checked';
  if (['payment-none-yet', 'receipt-open'].includes(reason)) return 'not-checked';
  if (['inclusion-absent', 'inclusion-no-list'].includes(reason)) return 'not-checked';
  const passes = ['root-same', 'receipt-kept', 'receipt-excused', 'receipt-refused', 'payment-right'];
  if (reason === 'inclusion-shown') return 'pass';
  return passes.includes(reason) ? 'pass' : 'fail';
};
/** Page of checks about the place in the list alone. */
const place = (reason: CheckReason, evidence: object = CHECKED) => ({
  component: CheckPage,
  props: {
    checks: { results: [inclusion(reason)], evidence },
    onendpoints: nothing,
    onrelease: nothing,
    onback: nothing,
  },
});
const inclusion = (reason: CheckReason) => ({
  name: 'inclusion',
  verdict: verdictOf(reason),
  reason,
  ...(reason === 'inclusion-shown' && { leafIndex: 1_204 }),
});
/** Reason for the verdict on the place in the list beside that on the root of a claim. */
const reasonBeside = (root: CheckReason): CheckReason => {
  if (root === 'root-same') return 'inclusion-shown';
  return root === 'root-other' ? 'inclusion-other-root' : root;
};
const checks = (
  [root, paper, money]: readonly [CheckReason, CheckReason, CheckReason],
  evidence: object = CHECKED,
) => ({
  component: CheckPage,
  props: {
    checks: {
      results: [
        inclusion(reasonBeside(root)),
        { name: 'root', verdict: verdictOf(root), reason: root },
        {
          name: 'receipt',
          verdict: verdictOf(paper),
          reason: paper,
          ...(evidence === CHECKED && { service: SERVICE }),
          ...(paper === 'receipt-excused' && {
            verdictOnPromise: { kind: 'excused', cause: 'no-money' },
          }),
        },
        { name: 'payment', verdict: verdictOf(money), reason: money },
      ],
      evidence,
    },
    onendpoints: nothing,
    onrelease: nothing,
    onback: nothing,
  },
});
const survey = {
  facts: undefined,
  standings: new Map<string, object>([
    [SERVICE, { kind: 'silent', failure: { kind: 'unreachable' } }],
    [OTHER_SERVICE, { kind: 'other-deployment', differs: ['chainId', 'distributor'] }],
  ]),
};
const addresses = (kind: string, list: readonly string[], more: object = {}) => ({
  component: Addresses,
  props: { kind, addresses: list, survey, onchange: nothing, onback: nothing, ...more },
});
const endpointQuestion = (list: readonly string[]) => ({
  component: EndpointQuestion,
  props: { addresses: list, onyes: nothing, onother: nothing, onlater: nothing },
});
const words = (problem?: object) => ({
  component: Words,
  props: { problem, onsubmit: nothing, onscan: nothing, onback: nothing },
});
const pin = (problem?: string) => ({
  component: Pin,
  props: { step: 'pin', problem, onsubmit: nothing, onback: nothing },
});
const working = (purpose: string, report?: object) => ({
  component: Working,
  props: { purpose, report },
});
const passkey = (problem?: string) => ({
  component: PasskeyOffer,
  props: { problem, onuse: nothing, onskip: nothing },
});

const welcome = (install: InstallAdvice) => ({
  component: Welcome,
  props: {
    ...{ install, oninstall: nothing, onbegin: nothing, oncard: nothing },
    ...{ onphone: nothing, onlanguage: nothing, onhelp: nothing },
  },
});
const release = (check: ReleaseCheck) => ({
  component: ReleasePage,
  props: { check, onagain: nothing, onback: nothing },
});
const FINGERPRINT = '685d da90 83b4 e0a1 0708 50dc 156b e68f';
const checkedRelease = (wrong: readonly string[], missing: readonly string[]) =>
  release({ kind: 'checked', fingerprint: FINGERPRINT, count: 20, wrong, missing });

const leafEvent = (kind: string, epoch: number, together: number) => ({
  ...{ kind, epoch, together, leafIndex: 1_203, blockNumber: 18_650_000 + epoch },
  ...{ transactionHash: word('f'), at: GENESIS + epoch * DAY_SECS + 40_000 },
  countsFrom: GENESIS + (epoch + 1) * DAY_SECS,
});
const EMPTY_SHELF = { kind: 'read', packages: [], news: [] };
const about = (state: object, leafIndex?: number, shelf: object = EMPTY_SHELF) => ({
  component: AboutPage,
  props: {
    about: state,
    commitment: word('7'),
    leafIndex,
    shelf,
    ...{ ontask: nothing, onshelf: nothing, onendpoints: nothing, onback: nothing },
  },
});

interface State {
  component: unknown;
  props: object;
}

const STATES: Record<string, State> = {
  components: { component: Components, props: {} },
  welcome: welcome('none'),
  'welcome-offer': welcome('offer'),
  'welcome-home-screen': welcome('home-screen'),
  'new-version': { component: NewVersionExample, props: {} },
  language: { component: Language, props: { onchoose: nothing, onback: nothing } },
  'language-missing': {
    component: Language,
    props: { isMissing: true, onchoose: nothing, onback: nothing },
  },
  pin: pin(),
  'pin-not-digits': pin('not-digits'),
  'pin-too-short': pin('too-short'),
  'pin-too-long': pin('too-long'),
  'pin-too-simple': pin('too-simple'),
  'repeat-pin': {
    component: Pin,
    props: { step: 'repeat-pin', onsubmit: nothing, onback: nothing },
  },
  'repeat-pin-different': {
    component: Pin,
    props: { step: 'repeat-pin', problem: 'different', onsubmit: nothing, onback: nothing },
  },
  'working-drawing': working('new', { step: 'drawing', done: 0, total: 3 }),
  'working-protecting': working('new', { step: 'protecting', done: 1, total: 3 }),
  'working-card': working('card', { step: 'storing', done: 2, total: 3 }),
  'working-copy': working('copy', { step: 'drawing', done: 0, total: 3 }),
  'working-change': working('change'),
  passkey: passkey(),
  'passkey-not-done': passkey('not-done'),
  'passkey-not-supported': passkey('not-supported'),
  'card-offer': { component: CardOffer, props: { onshow: nothing, onlater: nothing } },
  card: card({ code: EXAMPLE_CODE }),
  'card-words': card({}),
  'card-reminder': cardReminder(true),
  'card-reminder-missing': cardReminder(false),
  'card-check': {
    component: CardCheck,
    props: { positions: [3, 11, 24], wrong: [], onsubmit: nothing, onback: nothing },
  },
  'card-check-wrong': {
    component: CardCheck,
    props: { positions: [3, 11, 24], wrong: [11], onsubmit: nothing, onback: nothing },
  },
  words: words(),
  'words-count': words({ kind: 'count', count: 3 }),
  'words-unknown': words({ kind: 'unknown-word', position: 7, word: 'abandonn' }),
  'words-checksum': words({ kind: 'checksum' }),
  'scan-starting': scan({ kind: 'starting' }),
  'scan-looking': scan({ kind: 'looking' }),
  'scan-other-code': scan({ kind: 'looking', hint: 'other-code' }),
  'scan-no-code': scan({ kind: 'no-camera', why: 'none', hint: 'no-code' }),
  'scan-no-picture': scan({ kind: 'no-camera', why: 'busy', hint: 'no-picture' }),
  'scan-refused': scan({ kind: 'no-camera', why: 'refused' }),
  'scan-no-reader': scan({ kind: 'no-camera', why: 'no-reader' }),
  'copy-ask': copy({ kind: 'ask', code: EXAMPLE_COPY_CODE }),
  'copy-answer': copy({ kind: 'answer', code: EXAMPLE_COPY_CODE, digits: '052817' }),
  'copy-intent': copy({ kind: 'intent' }),
  'copy-key': copy({ kind: 'key', code: EXAMPLE_COPY_CODE }),
  'copy-compare': copy({ kind: 'compare', digits: '052817' }),
  'copy-sealed': copy({ kind: 'sealed', code: EXAMPLE_COPY_CODE }),
  'copy-different': copy({ kind: 'different', isNewPhone: true }),
  unlock: confirm({}),
  'unlock-checking': confirm({ isBusy: true }),
  'unlock-passkey': confirm({ hasPasskey: true }),
  'unlock-wrong': confirm({ problem: { kind: 'wrong-pin', waitSecs: 0 } }),
  'unlock-wrong-wait': confirm({ problem: { kind: 'wrong-pin', waitSecs: 300 } }),
  'unlock-wait': confirm({ problem: { kind: 'must-wait', waitSecs: 30 }, hasPasskey: true }),
  'unlock-passkey-refused': confirm({ problem: { kind: 'passkey' }, hasPasskey: true }),
  'unlock-pin-lost': confirm({ canUsePin: false, hasPasskey: true }),
  'confirm-card': confirm({ task: 'show-card', onback: nothing }),
  'confirm-pin': confirm({ task: 'change-pin', onback: nothing }),
  'confirm-copy': confirm({ task: 'give-copy', onback: nothing }),
  'confirm-passkey': confirm({ task: 'add-passkey', onback: nothing }),
  'confirm-no-passkey': confirm({ task: 'remove-passkey', hasPasskey: true, onback: nothing }),
  'home-connecting': home('connecting'),
  'home-not-joined': home('not-joined', { around: withoutCard }),
  'home-not-joined-looking': home('not-joined', {
    claiming: { kind: 'finding', epoch: EPOCH, tiles: 2 },
    hasPasskey: true,
  }),
  'home-not-in-list': home('not-joined', {
    claiming: { kind: 'stopped', epoch: EPOCH, stop: { kind: 'not-in-the-list' } },
  }),
  'home-joining': home('joining'),
  'home-no-service': home('no-service', { survey }),
  'home-other-deployment': home('no-service', { survey, refusal: 'other-deployment' }),
  visit: { component: Visit, props: { onshow: nothing, onlost: nothing, onback: nothing } },
  'visit-recovery': { component: Recovery, props: { onshow: nothing, onback: nothing } },
  'visit-nothing-to-recover': visit({ kind: 'refused', code: 'nothing-to-recover' }),
  'visit-not-seen': visit({ kind: 'not-seen' }, VISIT_CODE),
  'visit-no-answer': visit({ kind: 'no-answer', failure: { kind: 'unreachable' } }, VISIT_CODE),
  'visit-checking': visit({ kind: 'being-checked' }, VISIT_CODE),
  'visit-admitted': visit({ kind: 'admitted' }),
  'visit-in-the-list': visit({ kind: 'in-the-list', leafIndex: 1_203, isFinal: false }),
  'visit-in-the-list-checked': visit(
    { kind: 'in-the-list', leafIndex: 1_203, isFinal: false },
    undefined,
    CHECKED,
  ),
  'visit-already': visit({ kind: 'already-enrolled' }),
  'visit-operator': visit({ kind: 'operator-decides' }),
  'visit-commitment-taken': visit({ kind: 'refused', code: 'commitment-taken' }),
  'visit-again': visit({ kind: 'refused', code: 'template-unusable' }, VISIT_CODE),
  'visit-too-soon': visit(
    { kind: 'refused', code: 'recovery-too-soon', again: IN_DAYS },
    VISIT_CODE,
  ),
  'visit-withdrawn': visit({ kind: 'withdrawn' }),
  'visit-revoked': visit({ kind: 'revoked' }),
  joined: joined({}),
  'joined-days': joined({ secsLeft: 6 * DAY_SECS + 5, evidence: NOT_CHECKED, around: withoutCard }),
  'joined-short-epochs': joined({ calendar: { ...CALENDAR, epochLengthSecs: 3_600 } }),
  'joined-not-in-list': joined({
    claiming: { kind: 'stopped', epoch: EPOCH, stop: { kind: 'not-in-the-list' } },
  }),
  claim: member({}),
  'claim-unchecked': member({
    home: { ...present([EPOCH], { amount: undefined }) },
    around: withoutCard,
    unit: undefined,
  }),
  'claim-unit-unknown': member({ unit: undefined }),
  'claim-many': member({
    home: present([EPOCH - 2, EPOCH - 1, EPOCH]),
    claims: [claim(EPOCH - 3, PAID)],
  }),
  'claim-finding': member({ claiming: { kind: 'finding', epoch: EPOCH, tiles: 3 } }),
  'claim-loading': member({
    claiming: { kind: 'loading', epoch: EPOCH, done: 1_310_720, total: 3_340_104 },
  }),
  'claim-proving': member({ claiming: { kind: 'proving', epoch: EPOCH, done: 2, total: 5 } }),
  'claim-other-root': member({
    claiming: { kind: 'stopped', epoch: EPOCH, stop: { kind: 'other-root' } },
  }),
  'claim-service-busy': member({
    claiming: {
      kind: 'stopped',
      epoch: EPOCH,
      stop: {
        kind: 'service',
        failure: { kind: 'problem', code: 'overloaded' },
        again: IN_MINUTES,
      },
    },
  }),
  'claim-no-endpoint': member({
    claiming: { kind: 'stopped', epoch: EPOCH, stop: { kind: 'chain', why: 'no-endpoint' } },
  }),
  'claim-nothing-open': member({
    home: present([]),
    claims: [
      claim(EPOCH, sent('batched')),
      claim(EPOCH - 1, PAID),
      claim(EPOCH - 2, { kind: 'missed' }),
      claim(EPOCH - 3, PAID),
    ],
  }),
  'claim-broken-receipt': member({
    home: present([]),
    claims: [claim(EPOCH, sent('queued'), { receipts: [receipt(CHAIN_SECS - 60)] })],
  }),
  'claim-paid-otherwise': member({
    home: present([]),
    claims: [claim(EPOCH, PAID, judged({ kind: 'paid-otherwise' }))],
  }),
  'claim-offline': member({
    home: { kind: 'no-present', failure: { kind: 'unreachable' } },
    claims: [claim(EPOCH, { kind: 'queued', notBeforeMs: 0 })],
  }),
  'payment-queued': payment({ kind: 'queued', notBeforeMs: 0 }),
  'payment-queued-again': payment({
    kind: 'queued',
    notBeforeMs: 4_102_444_800_000,
    lastFailure: { kind: 'problem', code: 'payments-paused' },
  }),
  'payment-no-service-takes-it': payment(
    {
      kind: 'queued',
      notBeforeMs: 4_102_444_800_000,
      lastFailure: { kind: 'unreachable' },
    },
    {},
    true,
  ),
  'payment-sent': payment(sent('queued'), { receipts: [receipt(CHAIN_SECS + 3_000)] }),
  'payment-batched': payment(sent('batched')),
  'payment-told': payment(sent('mined')),
  'payment-paid': payment({ ...PAID, kind: 'paid' }),
  'payment-final': payment(PAID, { receipts: [receipt(CHAIN_SECS - 60)] }),
  'payment-seen-before': payment({ kind: 'final', transaction: word('f'), blockNumber: 18_699_000 }),
  'payment-refused': payment(
    { kind: 'refused', reason: 'invalid-proof', canRenew: true },
    {
      refusals: [
        { service: SERVICE, refusal: { reason: 'invalid-proof', signature: '0x00' } },
      ],
    },
  ),
  'payment-missed': payment({ kind: 'missed' }),
  'payment-broken': payment(sent('queued'), { receipts: [receipt(CHAIN_SECS - 60)] }),
  'payment-kept': payment(PAID, judged({ kind: 'kept' })),
  'payment-late': payment(PAID, judged({ kind: 'late' })),
  'payment-otherwise': payment(PAID, judged({ kind: 'paid-otherwise' })),
  'payment-excused': payment(sent('queued'), judged({ kind: 'excused', cause: 'paused' })),
  'payment-bears-out': payment(
    { kind: 'refused', reason: 'census-reached', canRenew: false },
    judged({ kind: 'refused', reason: 'census-reached' }),
  ),
  'payment-judged-broken': payment(sent('queued'), judged({ kind: 'broken' }, 'do-not-ask')),
  'payment-unbound': payment({
    kind: 'queued',
    notBeforeMs: 4_102_444_800_000,
    lastFailure: { kind: 'binds-nobody' },
  }),
  money: money({ kind: 'read', payments, evidence: CHECKED }),
  'money-balance': money(
    { kind: 'read', payments, evidence: CHECKED },
    { kind: 'read', balance: 2n * AMOUNT },
  ),
  'money-balance-not-read': money(
    { kind: 'read', payments, evidence: CHECKED },
    { kind: 'not-read', why: 'disagreement' },
    { unit: undefined },
  ),
  'money-none': money({ kind: 'read', payments: [], evidence: CHECKED }),
  'money-reading': money({ kind: 'reading' }),
  'money-not-read': money({ kind: 'not-read', why: 'no-endpoint' }),
  'money-locked': money({ kind: 'wallet', code: 'locked' }),
  'receiving-fresh': receiving({}),
  'receiving-own': receiving({ receiving: { kind: 'own', address: OWN_ADDRESS } }),
  'receiving-used': receiving({
    receiving: { kind: 'own', address: OWN_ADDRESS },
    claims: [claim(EPOCH, PAID), claim(EPOCH - 1, PAID)],
  }),
  'verify-reading': { component: CheckPage, props: { onendpoints: nothing, onback: nothing } },
  'verify-pass': checks(['root-same', 'receipt-kept', 'payment-right']),
  'verify-fail': checks(['root-other', 'receipt-broken', 'payment-other-recipient']),
  'verify-unsigned': checks(['root-same', 'receipt-unsigned', 'payment-none']),
  'verify-excused': checks(['root-same', 'receipt-excused', 'payment-none']),
  'verify-not-checked': checks(['no-endpoint', 'no-endpoint', 'no-endpoint'], NOT_CHECKED),
  'verify-place': place('inclusion-shown'),
  'verify-place-wrong': place('inclusion-too-few-leaves'),
  'verify-place-absent': place('inclusion-absent'),
  'verify-place-no-list': place('inclusion-no-list'),
  'verify-place-not-checked': place('no-endpoint', NOT_CHECKED),
  about: about({ kind: 'read', events: [leafEvent('joined', 3, 17)], evidence: CHECKED }),
  'about-irises': about(
    { kind: 'read', events: [leafEvent('joined', 3, 17)], evidence: CHECKED },
    1_203,
    KEPT_SHELF,
  ),
  'about-removed': about({
    kind: 'read',
    events: [leafEvent('joined', 3, 2), leafEvent('removed', 15, 1)],
    evidence: CHECKED,
  }),
  'about-none': about({ kind: 'read', events: [], evidence: CHECKED }),
  'about-reading': about({ kind: 'reading' }),
  'about-not-read': about({ kind: 'not-read', why: 'no-endpoint' }, 1_203),
  'release-reading': release({ kind: 'reading', done: 7, total: 20 }),
  'release-right': checkedRelease([], []),
  'release-wrong': checkedRelease(['assets/citizen-CCmXMCeE.js', 'index.html'], []),
  'release-missing': checkedRelease([], ['assets/semaphore_30-NkLtSwV7.prover']),
  'release-no-list': release({ kind: 'no-list' }),
  services: addresses('services', [SERVICE, OTHER_SERVICE]),
  'money-sent': money({ kind: 'read', payments, evidence: CHECKED }, undefined, {
    transfers: [
      transfer({ kind: 'final', blockNumber: 18_699_000 }),
      transfer({ kind: 'sending' }, { id: word('b'), purpose: 'claim', amount: undefined }),
    ],
  }),
  ...CUSTODY_STATES,
  ...SENDING_STATES,
  'endpoints-question': endpointQuestion(['https://rpc.example/']),
  'endpoints-question-many': endpointQuestion([
    'https://rpc.example/',
    'https://a-rather-long-name-of-an-endpoint.example.org/v2/0123456789abcdef0123456789abcdef',
  ]),
  endpoints: addresses('endpoints', [], { recommended: ['https://rpc.example/'] }),
  'endpoints-recommended': addresses(
    'endpoints',
    ['https://rpc.example/', 'https://other-rpc.example/'],
    {
      recommended: ['https://rpc.example/', 'https://other-rpc.example/'],
      isRecommended: true,
    },
  ),
  settings: settings({}),
  'settings-passkey': settings({ hasPasskey: true, theme: 'dark' }),
  'settings-no-passkey': settings({ canAddPasskey: false, theme: 'light' }),
  help: { component: Help, props: { onback: nothing } },
  'failed-exists': failed('exists'),
  'failed-absent': failed('absent'),
  'failed-device-key-lost': failed('device-key-lost'),
  'failed-damaged': failed('damaged'),
  'failed-other-version': failed('other-version'),
  'failed-storage': failed('storage-failed'),
  'failed-internal': failed('internal'),
  'failed-page-missing': failed('page-missing'),
  'failed-module-missing': failed('module-missing'),
};

/** Names of the states, in the order of a person's way. */
export const NAMES = Object.keys(STATES);

/** Returns component and properties of a state. */
export function stateOf(name: string): { component: Component; props: object } | undefined {
  return STATES[name] as { component: Component; props: object } | undefined;
}

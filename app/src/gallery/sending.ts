import ExportPage from '../citizen/money/ExportPage.svelte';
import OwnClaimPage from '../citizen/money/OwnClaimPage.svelte';
import ReplacePage from '../citizen/money/ReplacePage.svelte';
import SendPage from '../citizen/money/SendPage.svelte';
import TransferPage from '../citizen/money/TransferPage.svelte';
import { AMOUNT, CALENDAR, CHECKED, claim, EPOCH, nothing, OWN_ADDRESS, UNIT, word } from './examples.ts';

const FRIEND = '0xd1220a0cf47c7b9be7a2e6ba89f429762e7b9adb';
const sending = (flow: object) => ({
  component: SendPage,
  props: { flow, calendar: CALENDAR, unit: UNIT, onevent: nothing, onendpoints: nothing },
});
const part = (epoch: number, payer: string) => ({
  epoch,
  address: OWN_ADDRESS,
  amount: AMOUNT,
  payer,
});
const COST_WEI = 1_234_567_890_000_000n;
const plan = (parts: readonly object[]) => ({
  asset: 'token',
  to: FRIEND,
  amount: AMOUNT * BigInt(parts.length),
  parts,
  costWei: COST_WEI,
  need: { transferGas: 60_000, maxFeePerGas: 2n },
});
const ofEpoch = (epoch: number) => ({ kind: 'receive', epoch });
/** Less than a coin, in wei, as a payment of all of it comes to. */
const COIN_WEI = 987_654_321_012_345_678n;
const coinPlan = (accounts: readonly object[]) => ({
  asset: 'coin',
  to: FRIEND,
  amount: COIN_WEI,
  parts: accounts.map((account) => ({ account, address: OWN_ADDRESS, amount: COIN_WEI })),
  costWei: COST_WEI,
  need: { gasLimit: 21_000, maxFeePerGas: 2n },
});
const coinCheck = (...accounts: object[]) =>
  sending({ kind: 'check', purpose: 'coin', plan: coinPlan(accounts) });
const stopped = (stop: object) => sending({ kind: 'stopped', purpose: 'send', stop });
const replacing = (change: string, state: object) => ({
  component: ReplacePage,
  props: {
    change,
    state,
    unit: UNIT,
    onsend: nothing,
    onagain: nothing,
    onendpoints: nothing,
    onback: nothing,
  },
});
const replacement = (more: object = {}) => ({
  costBeforeWei: COST_WEI,
  costWei: 2n * COST_WEI,
  isPartly: false,
  ...more,
});
const replaceStopped = (kind: string) => replacing('raise', { kind: 'stopped', stop: { kind } });
const step = {
  raw: '0x',
  hash: word('a'),
  from: OWN_ADDRESS,
  nonce: 0,
  order: {
    account: { kind: 'gas' },
    action: { kind: 'coin', to: FRIEND, amount: '1' },
    terms: {
      nonce: 0,
      gasLimit: 21_000,
      maxFeePerGas: '2000000000',
      maxPriorityFeePerGas: '1000000000',
    },
  },
  isCancelling: false,
  earlier: [],
};
const CALLED_OFF = {
  steps: [{ ...step, hash: word('b'), isCancelling: true, earlier: [step] }],
};
/** Makes a transfer in a state. */
export const transfer = (state: object, more: object = {}) => ({
  id: word('a'),
  purpose: 'send',
  to: FRIEND,
  amount: AMOUNT.toString(),
  epochs: [EPOCH],
  steps: [step],
  state,
  ...more,
});
const transferPage = (state: object, more: object = {}) => ({
  component: TransferPage,
  props: { transfer: transfer(state, more), unit: UNIT, onchange: nothing, onback: nothing },
});
const ownClaim = (state: object) => ({
  component: OwnClaimPage,
  props: {
    claim: claim(EPOCH, { kind: 'queued', notBeforeMs: 0 }),
    calendar: CALENDAR,
    unit: UNIT,
    state,
    onsend: nothing,
    onagain: nothing,
    onendpoints: nothing,
    onback: nothing,
  },
});
const claimPlan = (isShared: boolean) => ({
  account: { kind: 'gas' },
  // An account that is shared is never the one that the payment goes to.
  address: isShared ? FRIEND : OWN_ADDRESS,
  gasLimit: 400_000,
  prices: {},
  costWei: COST_WEI,
  isShared,
});
const exporting = (exported: object, more: object = {}) => ({
  component: ExportPage,
  props: {
    exported,
    calendar: CALENDAR,
    epochs: [EPOCH, EPOCH - 1],
    canUsePin: true,
    hasPasskey: false,
    onpin: nothing,
    onpasskey: nothing,
    onagain: nothing,
    ondone: nothing,
    onback: nothing,
    ...more,
  },
});

/** States of the pages by which money, or a key, leaves the app. */
export const SENDING_STATES = {
  send: sending({ kind: 'whom', purpose: 'send' }),
  'send-wrong-address': sending({ kind: 'whom', purpose: 'send', problem: 'checksum' }),
  'send-how-much': sending({ kind: 'how-much', purpose: 'send', to: FRIEND }),
  'send-two-readings': sending({
    kind: 'how-much',
    purpose: 'send',
    to: FRIEND,
    problem: 'two-readings',
  }),
  'send-too-fine': sending({
    kind: 'how-much',
    purpose: 'send',
    to: FRIEND,
    problem: 'too-fine',
  }),
  'send-planning': sending({ kind: 'planning', purpose: 'send', to: FRIEND, amount: AMOUNT }),
  'send-check': sending({ kind: 'check', purpose: 'send', plan: plan([part(EPOCH, 'own')]) }),
  'send-signing': sending({ kind: 'signing', purpose: 'send', plan: plan([part(EPOCH, 'own')]) }),
  'send-nothing': stopped({ kind: 'nothing' }),
  'send-too-little': stopped({ kind: 'too-little', held: AMOUNT }),
  'send-no-gas': stopped({ kind: 'no-gas', address: FRIEND, missingWei: COST_WEI, isOwn: true }),
  'send-no-gas-shared': stopped({
    kind: 'no-gas',
    address: FRIEND,
    missingWei: COST_WEI,
    isOwn: false,
  }),
  'send-no-answer': stopped({ kind: 'chain', why: 'no-answer' }),
  'send-under-way': stopped({ kind: 'under-way' }),
  'send-would-fail': stopped({ kind: 'would-fail' }),
  sweep: sending({ kind: 'whom', purpose: 'sweep' }),
  'sweep-check': sending({
    kind: 'check',
    purpose: 'sweep',
    plan: plan([part(EPOCH, 'gas'), part(EPOCH - 1, 'gas'), part(EPOCH - 2, 'own')]),
  }),
  coin: sending({ kind: 'whom', purpose: 'coin' }),
  'coin-how-much': sending({ kind: 'how-much', purpose: 'coin', to: FRIEND }),
  'coin-not-an-amount': sending({
    kind: 'how-much',
    purpose: 'coin',
    to: FRIEND,
    problem: 'not-an-amount',
  }),
  'coin-check': coinCheck(ofEpoch(EPOCH)),
  'coin-check-gas': coinCheck({ kind: 'gas' }),
  'coin-check-links': coinCheck(ofEpoch(EPOCH), ofEpoch(EPOCH - 1), { kind: 'gas' }),
  'coin-none': stopped({ kind: 'no-coin' }),
  'coin-too-little': stopped({ kind: 'too-little-coin', most: COIN_WEI }),
  'transfer-sending': transferPage({ kind: 'sending' }),
  'transfer-coin': transferPage(
    { kind: 'sending' },
    { purpose: 'coin', amount: COIN_WEI.toString() },
  ),
  'transfer-cancelling': transferPage({ kind: 'sending' }, CALLED_OFF),
  'transfer-cancelled': transferPage(
    { kind: 'cancelled', blockNumber: 18_699_000, isFinal: true },
    CALLED_OFF,
  ),
  'transfer-too-late': transferPage({ kind: 'final', blockNumber: 18_699_000 }, CALLED_OFF),
  'replace-planning': replacing('raise', { kind: 'planning' }),
  'replace-raise': replacing('raise', { kind: 'check', plan: replacement() }),
  'replace-raise-less': replacing('raise', {
    kind: 'check',
    plan: replacement({ lessCoin: COIN_WEI, isPartly: true }),
  }),
  'replace-cancel': replacing('cancel', { kind: 'check', plan: replacement() }),
  'replace-signing': replacing('cancel', { kind: 'signing', plan: replacement() }),
  'replace-settled': replaceStopped('settled'),
  'replace-changed': replaceStopped('changed'),
  'replace-too-often': replaceStopped('too-often'),
  'replace-no-answer': replacing('raise', {
    kind: 'stopped',
    stop: { kind: 'chain', why: 'no-answer' },
  }),
  'transfer-mined': transferPage({ kind: 'mined', blockNumber: 18_699_000, evidence: CHECKED }),
  'transfer-final': transferPage({ kind: 'final', blockNumber: 18_699_000 }, { purpose: 'sweep' }),
  'transfer-reverted': transferPage({ kind: 'failed', why: 'reverted', evidence: CHECKED }),
  'transfer-overtaken': transferPage({ kind: 'failed', why: 'overtaken' }, { purpose: 'claim' }),
  'own-claim': ownClaim({ kind: 'check', plan: claimPlan(false) }),
  'own-claim-shared': ownClaim({ kind: 'signing', plan: claimPlan(true) }),
  'own-claim-no-gas': ownClaim({
    kind: 'stopped',
    stop: { kind: 'no-gas', address: FRIEND, missingWei: COST_WEI, isOwn: true },
  }),
  'export-key': exporting({ kind: 'asking', isBusy: false }),
  'export-key-wrong-pin': exporting({
    kind: 'asking',
    problem: { kind: 'wrong-pin', waitSecs: 0 },
    isBusy: false,
  }),
  'export-key-passkey': exporting({ kind: 'asking', isBusy: false }, { hasPasskey: true }),
  'export-key-passkey-failed': exporting(
    { kind: 'asking', problem: { kind: 'passkey' }, isBusy: false },
    { hasPasskey: true, canUsePin: false },
  ),
  'export-key-missing': exporting({ kind: 'failed', code: 'signing-missing' }),
  'export-key-shown': exporting({ kind: 'shown', address: OWN_ADDRESS, key: word('8') }),
};

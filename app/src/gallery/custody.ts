import AboutPage from '../citizen/about/AboutPage.svelte';
import PackagePage from '../citizen/custody/PackagePage.svelte';
import { CHAIN_SECS, nothing, word } from './examples.ts';

const STATEMENT = {
  commitment: word('7'),
  irisDigest: word('1'),
  imageDigest: word('2'),
  modelId: word('3'),
  kind: 'new',
  capturedAt: CHAIN_SECS - 86_400,
  nonce: word('4'),
  leftImageCommitment: word('5'),
  rightImageCommitment: word('6'),
  leftCodeCommitment: word('8'),
  rightCodeCommitment: word('9'),
  signature: `0x${'a'.repeat(130)}`,
};

/** Page "all about me" of somebody whose events were not read, with what the orb sent home. */
const shelf = (state: object) => ({
  component: AboutPage,
  props: {
    about: { kind: 'not-read', why: 'no-endpoint' },
    commitment: word('7'),
    leafIndex: undefined,
    shelf: state,
    ontask: nothing,
    onshelf: nothing,
    onendpoints: nothing,
    onback: nothing,
  },
});
const read = (packages: readonly object[], ...news: readonly object[]) =>
  shelf({ kind: 'read', packages, news });
const kept = (more: object) => ({
  nonce: word('4'),
  isConfirmed: true,
  kind: 'checked',
  statement: STATEMENT,
  ...more,
});
const refused = (problem: string) => read([], { kind: 'refused', problem });
const packageUnknown = { kind: 'problem', code: 'package-unknown' };

const page = (task: string, deed: object) => ({
  component: PackagePage,
  props: {
    task,
    deed,
    canUsePin: true,
    hasPasskey: true,
    onpin: nothing,
    onpasskey: nothing,
    onagain: nothing,
    onback: nothing,
  },
});
const asking = { kind: 'asking', isBusy: false };

/** Packages of somebody whose phone keeps one. */
export const KEPT_SHELF = { kind: 'read', packages: [kept({})], news: [] };

/** States of what an orb sent home. */
export const CUSTODY_STATES = {
  'irises-reading': shelf({ kind: 'reading' }),
  'irises-kept': read([kept({})]),
  'irises-kept-not-deleted': read([kept({ isConfirmed: false })], {
    kind: 'not-confirmed',
    failure: { kind: 'unreachable' },
  }),
  'irises-unreadable': read([kept({ kind: 'unreadable', problem: 'damaged' })]),
  'irises-none': read([]),
  'irises-not-there': read([], { kind: 'not-there', failure: packageUnknown }),
  'irises-damaged': refused('damaged'),
  'irises-not-for-this-visit': refused('not-for-this-visit'),
  'irises-other-visit': refused('other-visit'),
  'irises-unknown-model': refused('unknown-model'),
  'irises-not-what-was-signed': refused('not-what-was-signed'),
  'irises-expired': read([], { kind: 'expired' }),
  'irises-wallet': shelf({ kind: 'wallet', code: 'custody-missing' }),
  'package-export': page('export', asking),
  'package-export-wrong': page('export', { ...asking, problem: { kind: 'wrong-pin', waitSecs: 0 } }),
  'package-exported': page('export', {
    kind: 'exported',
    files: { left: '', right: '', statement: STATEMENT },
  }),
  'package-failed': page('export', { kind: 'failed', code: 'no-package' }),
  'package-delete': page('delete', asking),
  'package-deleted': page('delete', { kind: 'deleted' }),
};

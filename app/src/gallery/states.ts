import type { Component } from 'svelte';

import Help from '../citizen/help/Help.svelte';
import Home from '../citizen/home/Home.svelte';
import Card from '../citizen/identity/Card.svelte';
import CardCheck from '../citizen/identity/CardCheck.svelte';
import CardOffer from '../citizen/identity/CardOffer.svelte';
import Confirm from '../citizen/identity/Confirm.svelte';
import Failed from '../citizen/identity/Failed.svelte';
import PasskeyOffer from '../citizen/identity/PasskeyOffer.svelte';
import Pin from '../citizen/identity/Pin.svelte';
import RepeatPin from '../citizen/identity/RepeatPin.svelte';
import Words from '../citizen/identity/Words.svelte';
import Working from '../citizen/identity/Working.svelte';
import Language from '../citizen/settings/Language.svelte';
import Settings from '../citizen/settings/Settings.svelte';
import Welcome from '../citizen/welcome/Welcome.svelte';
import Components from './Components.svelte';

const nothing = () => undefined;

/** Words of the secret that is all zeros, as an example of a card. */
const EXAMPLE_WORDS = [...Array.from({ length: 23 }, () => 'abandon'), 'art'];

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
    onlanguage: nothing,
    ontheme: nothing,
    ontask: nothing,
    onback: nothing,
    ...props,
  },
});
const home = (props: object) => ({
  component: Home,
  props: {
    isCardChecked: false,
    hasPasskey: false,
    oncard: nothing,
    onsettings: nothing,
    onhelp: nothing,
    onlock: nothing,
    ...props,
  },
});
const words = (problem?: object) => ({
  component: Words,
  props: { problem, onsubmit: nothing, onback: nothing },
});
const pin = (problem?: string) => ({
  component: Pin,
  props: { problem, onsubmit: nothing, onback: nothing },
});
const working = (purpose: string, report?: object) => ({
  component: Working,
  props: { purpose, report },
});
const passkey = (problem?: string) => ({
  component: PasskeyOffer,
  props: { problem, onuse: nothing, onskip: nothing },
});

interface State {
  component: unknown;
  props: object;
}

const STATES: Record<string, State> = {
  components: { component: Components, props: {} },
  welcome: {
    component: Welcome,
    props: { onbegin: nothing, oncard: nothing, onlanguage: nothing, onhelp: nothing },
  },
  language: { component: Language, props: { onchoose: nothing, onback: nothing } },
  pin: pin(),
  'pin-not-digits': pin('not-digits'),
  'pin-too-short': pin('too-short'),
  'pin-too-long': pin('too-long'),
  'pin-too-simple': pin('too-simple'),
  'repeat-pin': {
    component: RepeatPin,
    props: { isDifferent: false, onsubmit: nothing, onback: nothing },
  },
  'repeat-pin-different': {
    component: RepeatPin,
    props: { isDifferent: true, onsubmit: nothing, onback: nothing },
  },
  'working-drawing': working('new', { step: 'drawing', done: 0, total: 3 }),
  'working-protecting': working('new', { step: 'protecting', done: 1, total: 3 }),
  'working-card': working('card', { step: 'storing', done: 2, total: 3 }),
  'working-change': working('change'),
  passkey: passkey(),
  'passkey-not-done': passkey('not-done'),
  'passkey-not-supported': passkey('not-supported'),
  'card-offer': { component: CardOffer, props: { onshow: nothing, onlater: nothing } },
  card: { component: Card, props: { words: EXAMPLE_WORDS, onwritten: nothing, onback: nothing } },
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
  'confirm-passkey': confirm({ task: 'add-passkey', onback: nothing }),
  'confirm-no-passkey': confirm({ task: 'remove-passkey', hasPasskey: true, onback: nothing }),
  home: home({}),
  'home-card-checked': home({ isCardChecked: true, hasPasskey: true }),
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
};

/** Names of the states, in the order of a person's way. */
export const NAMES = Object.keys(STATES);

/** Returns component and properties of a state. */
export function stateOf(name: string): { component: Component; props: object } | undefined {
  return STATES[name] as { component: Component; props: object } | undefined;
}

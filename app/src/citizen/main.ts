import '../ui/tokens.css';
import '../ui/base.css';

import { mount } from 'svelte';

import { BROWSER } from '../net/request.ts';
import { pathFinder, treeTools } from '../tree/tree.ts';
import { startWallet } from '../wallet/index.ts';
import App from './App.svelte';
import { CitizenDoor } from './door.svelte.ts';
import { Member } from './member.svelte.ts';
import { citizenWallet } from './ports.ts';
import { SettingsStorage } from './settings/settings.ts';

/** Time between two looks at whether the identity has locked itself. */
const LOOK_EVERY_MS = 15_000;

const target = document.getElementById('app');
if (!target) throw new Error('the page has the element that the app is shown in');
const wallet = startWallet();
const storage = await SettingsStorage.open();
const door = new CitizenDoor(wallet, storage);
await door.start();
const member = new Member({
  wallet: citizenWallet(wallet),
  storage,
  ownService: `${location.origin}/`,
  request: BROWSER,
  findPath: pathFinder(treeTools(wallet)),
});
await member.start();
mount(App, { target, props: { door, member } });

setInterval(() => void door.look(), LOOK_EVERY_MS);
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') void door.look();
});

import { mount } from 'svelte';

import { BROWSER } from '../net/request.ts';
import { pathFinder, treeTools } from '../tree/tree.ts';
import { startWallet } from '../wallet/index.ts';
import { keepOffline } from '../offline/registration.ts';
import { forgiveBrokenTransactions } from '../storage/work.ts';
import App from './App.svelte';
import { CitizenDoor } from './door.svelte.ts';
import { watchInstallOffer, type InstallOffer } from './install/install.ts';
import { Member } from './member.svelte.ts';
import { citizenWallet, signingWallet } from './ports.ts';
import { SettingsStorage } from './settings/settings.ts';

/** Time between two looks at whether the identity has locked itself. */
const LOOK_EVERY_MS = 15_000;
/** Time after the first page until the files for later are fetched: what is asked for comes first. */
const OFFLINE_AFTER_MS = 2_000;

const target = document.getElementById('app');
if (!target) throw new Error('the page has the element that the app is shown in');
let onOffer = (_: InstallOffer | undefined): void => undefined;
let offered: InstallOffer | undefined;
watchInstallOffer(window, (offer) => onOffer((offered = offer)));
forgiveBrokenTransactions(window);
const wallet = startWallet();
const storage = await SettingsStorage.open();
const door = new CitizenDoor(wallet, storage);
const member = new Member({
  wallet: citizenWallet(wallet),
  signing: signingWallet(wallet),
  custody: wallet,
  storage,
  ownService: `${location.origin}/`,
  request: BROWSER,
  findPath: pathFinder(treeTools(wallet)),
});
await Promise.all([door.start(), member.start()]);
// In place of the name that the page begins with.
target.replaceChildren();
mount(App, { target, props: { door, member } });

onOffer = (offer) => (door.installOffer = offer);
onOffer(offered);
setTimeout(() => {
  void keepOffline(navigator.serviceWorker, location, (versions) => (door.versions = versions));
}, OFFLINE_AFTER_MS);

setInterval(() => void door.look(), LOOK_EVERY_MS);
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') void door.look();
});

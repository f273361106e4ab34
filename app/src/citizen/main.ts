import '../ui/tokens.css';
import '../ui/base.css';

import { mount } from 'svelte';

import { startWallet } from '../wallet/index.ts';
import App from './App.svelte';
import { CitizenDoor } from './door.svelte.ts';
import { SettingsStorage } from './settings/settings.ts';

const target = document.getElementById('app');
if (!target) throw new Error('the page has the element that the app is shown in');
const door = new CitizenDoor(startWallet(), await SettingsStorage.open());
await door.start();
mount(App, { target, props: { door } });

import '../ui/tokens.css';
import '../ui/base.css';

import { mount } from 'svelte';

import { useLanguage } from '../messages/current.svelte.ts';
import { chooseLanguage } from '../messages/languages.ts';
import App from './App.svelte';

const target = document.getElementById('app');
if (!target) throw new Error('the page has the element that the app is shown in');
await useLanguage(chooseLanguage(navigator.languages));
mount(App, { target });

/** Gallery of every component and screen in each of its states; in development builds only. */

import '../ui/tokens.css';
import '../ui/base.css';

import { mount } from 'svelte';

import { showTheme, THEMES } from '../citizen/settings/settings.ts';
import { useLanguage } from '../messages/current.svelte.ts';
import { chooseLanguage } from '../messages/languages.ts';
import Gallery from './Gallery.svelte';

const target = document.getElementById('app');
if (!target) throw new Error('the page has the element that the gallery is shown in');
const asked = new URLSearchParams(location.search);
const theme = asked.get('theme');
showTheme(THEMES.find((it) => it === theme) ?? 'system');
await useLanguage(chooseLanguage([asked.get('language') ?? 'en']));
mount(Gallery, { target, props: { name: asked.get('state') } });

/** Gallery of every component and screen in each of its states; in development builds only. */

import '../ui/tokens.css';
import '../ui/base.css';

import { mount, unmount } from 'svelte';

import { showTheme, THEMES } from '../citizen/settings/settings.ts';
import { useLanguage } from '../messages/current.svelte.ts';
import { chooseLanguage } from '../messages/languages.ts';
import Gallery from './Gallery.svelte';

const target = document.getElementById('app');
if (!target) throw new Error('the page has the element that the gallery is shown in');
let shown: object | undefined;

/** Shows what the address of the page asks for; an address that was shown is noted at the body. */
async function show(root: HTMLElement): Promise<void> {
  const { search } = location;
  const asked = new URLSearchParams(search);
  if (shown) await unmount(shown);
  const theme = asked.get('theme');
  showTheme(THEMES.find((it) => it === theme) ?? 'system');
  await useLanguage(chooseLanguage([asked.get('language') ?? 'en']));
  shown = mount(Gallery, { target: root, props: { name: asked.get('state') } });
  document.body.dataset['shown'] = search;
}

// Codes are drawn by a chunk of its own; here each is on its page at once.
await import('../ui/qr.ts');
await show(target);
// The gallery's script goes from state to state without loading the page anew.
addEventListener('popstate', () => void show(target));

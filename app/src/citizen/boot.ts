/**
 * First code of the page. It has the texts of the likely language come beside the app itself, and
 * not after it; on a slow connection each of the two takes the better part of a second.
 */

import '../ui/tokens.css';
import '../ui/base.css';

import { chooseLanguage } from '../messages/languages.ts';
import { LOADERS } from '../messages/loaders.ts';

// Whoever needs the texts loads them again if they do not come now.
LOADERS[chooseLanguage(navigator.languages)]().catch(() => undefined);
import('./main.ts').catch(() => {
  // Without the app there are no texts but those of the page itself.
  document.getElementById('missing')?.removeAttribute('hidden');
});

import { describe, expect, it } from 'vitest';

import { browserFacts, installAdvice, watchInstallOffer, type InstallOffer } from './install.ts';

const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15';
const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15';
const ANDROID = 'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/142.0 Mobile';

const facts = (userAgent: string, more: object = {}, isStandalone = false) =>
  browserFacts({
    navigator: { userAgent, maxTouchPoints: 0, ...more },
    matchMedia: (query) => ({ matches: isStandalone && query === '(display-mode: standalone)' }),
  });

describe('the advice to install', () => {
  it('is given on phones of Apple, which delete what a site stored', () => {
    expect(installAdvice({ canInstall: false, ...facts(IPHONE) })).toBe('home-screen');
    const iPad = facts(MAC, { maxTouchPoints: 5 });
    expect(installAdvice({ canInstall: false, ...iPad })).toBe('home-screen');
    expect(installAdvice({ canInstall: false, ...facts(MAC) })).toBe('none');
    const installed = facts(IPHONE, { standalone: true });
    expect(installAdvice({ canInstall: false, ...installed })).toBe('none');
  });

  it('is an offer where the browser makes one, and none in the installed app', () => {
    expect(installAdvice({ canInstall: true, ...facts(ANDROID) })).toBe('offer');
    expect(installAdvice({ canInstall: false, ...facts(ANDROID) })).toBe('none');
    expect(installAdvice({ canInstall: true, ...facts(ANDROID, {}, true) })).toBe('none');
  });

  it('ends when the app is installed, and keeps the browser’s banner away', () => {
    const page = new EventTarget();
    const offers: (InstallOffer | undefined)[] = [];
    watchInstallOffer(page, (offer) => offers.push(offer));
    const event = new Event('beforeinstallprompt', { cancelable: true });
    page.dispatchEvent(event);
    page.dispatchEvent(new Event('appinstalled'));
    expect(offers).toEqual([event, undefined]);
    expect(event.defaultPrevented).toBe(true);
  });
});

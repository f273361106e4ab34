/** Installing the app: where the browser offers it, and where a person has to be told. */

/** Advice about installing. */
export type InstallAdvice =
  /** Installed, or kept without it. */
  | 'none'
  /** The browser installs the app when it is asked. */
  | 'offer'
  /** An iPhone or iPad: the browser deletes a site after seven days without use, unless installed. */
  | 'home-screen';

/** Facts about the browser that the advice rests on. */
export interface BrowserFacts {
  /** The browser has said that it would install the app. */
  canInstall: boolean;
  /** The page runs as an installed app. */
  isInstalled: boolean;
  /** WebKit on a phone or tablet of Apple, in whichever browser. */
  isAppleMobile: boolean;
}

/** Returns the advice for a browser. */
export function installAdvice({ canInstall, isInstalled, isAppleMobile }: BrowserFacts): InstallAdvice {
  if (isInstalled) return 'none';
  if (canInstall) return 'offer';
  return isAppleMobile ? 'home-screen' : 'none';
}

/** Parts of the browser that are looked at. */
export interface BrowserParts {
  navigator: { userAgent: string; maxTouchPoints: number; standalone?: boolean };
  matchMedia: (query: string) => { matches: boolean };
}

/** Reads the facts about a browser; an iPad calls itself a Mac and has a touch screen. */
export function browserFacts({ navigator, matchMedia }: BrowserParts): Omit<BrowserFacts, 'canInstall'> {
  const { userAgent, maxTouchPoints, standalone } = navigator;
  const isTablet = /Macintosh/.test(userAgent) && maxTouchPoints > 1;
  return {
    isInstalled: standalone === true || matchMedia('(display-mode: standalone)').matches,
    isAppleMobile: /iPhone|iPad|iPod/.test(userAgent) || isTablet,
  };
}

/** Offer of a browser to install the app; Chromium alone makes it. */
export interface InstallOffer extends Event {
  prompt(): Promise<unknown>;
}

/** Has `onOffer` told of the browser's offer, and of its end. */
export function watchInstallOffer(
  page: EventTarget,
  onOffer: (offer: InstallOffer | undefined) => void,
): void {
  page.addEventListener('beforeinstallprompt', (event) => {
    // The app offers it where it matters; the browser's own banner would come at any time.
    event.preventDefault();
    onOffer(event as InstallOffer);
  });
  page.addEventListener('appinstalled', () => onOffer(undefined));
}

// Chromium for the scripts that look at the app as a person does.

import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Virtual authenticator of a phone that has a fingerprint reader and knows PRF. */
export const AUTHENTICATOR = {
  protocol: 'ctap2',
  ctap2Version: 'ctap2_1',
  transport: 'internal',
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
  hasPrf: true,
  automaticPresenceSimulation: true,
};

/** Options of a browser that asks nothing of anybody by itself. */
export const BROWSER_OPTIONS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Returns the path of the browser. */
export function findBrowser() {
  const path = process.env.CHROMIUM ?? BROWSERS.find(existsSync);
  if (path) return path;
  console.error('no Chromium found: install it, or name it in CHROMIUM');
  return process.exit(1);
}

/** Starts a headless browser, with more options. */
export async function startBrowser(more = []) {
  return chromium.launch({ executablePath: findBrowser(), args: [...BROWSER_OPTIONS, ...more] });
}

/** Starts a headless browser with a profile in a folder: a private window is not offered to install an app. */
export async function startWithProfile(folder) {
  const options = { executablePath: findBrowser(), args: BROWSER_OPTIONS };
  return chromium.launchPersistentContext(folder, options);
}

/** Has `object` told of errors in a page, refusals of its policy among them, and of requests to others. */
export function watch(page, origin, object) {
  page.on('console', (message) => message.type() === 'error' && object(message.text()));
  page.on('pageerror', (error) => object(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`)) object(`asks ${request.url()}`);
  });
}

// Chromium for the scripts that look at the app as a person does.

import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Starts a headless browser that asks nothing of anybody by itself. */
export async function startBrowser() {
  const executablePath = process.env.CHROMIUM ?? BROWSERS.find(existsSync);
  if (!executablePath) {
    console.error('no Chromium found: install it, or name it in CHROMIUM');
    process.exit(1);
  }
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** Has `object` told of errors in a page, refusals of its policy among them, and of requests to others. */
export function watch(page, origin, object) {
  page.on('console', (message) => message.type() === 'error' && object(message.text()));
  page.on('pageerror', (error) => object(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`)) object(`asks ${request.url()}`);
  });
}

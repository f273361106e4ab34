// A phone with the app: a browser context of its own, with a watch over what it asks, stores and
// writes to the console.

import { join } from 'node:path';

import { AUTHENTICATOR } from '../browser.mjs';
import { stored } from '../storage.mjs';
import { Watch } from './watch.mjs';

/** Longest wait for something to appear on a page. */
const LIMIT_MS = 120_000;

/** Address that claims are sent to, at every service. */
export const CLAIMS = /\/v1\/claims$/;

/**
 * Options: `address` of the app; `recommended`, the endpoint that its service recommends;
 * `hasAuthenticator`; `locale`; `width` and `height` in CSS pixels; `folder` for screenshots;
 * `context`, a context that is there already; `hasServiceWorker` false where files of the app are to
 * come from the service each time.
 */
export async function newPhone(browser, options) {
  const { locale = 'en', width = 360, height = 740, context: given, ...others } = options;
  const serviceWorkers = others.hasServiceWorker === false ? 'block' : 'allow';
  const viewport = { width, height };
  const context = given ?? (await browser.newContext({ viewport, locale, serviceWorkers }));
  await context.addInitScript(recordSpoken);
  const phone = new Phone(context, { viewport, ...others });
  await phone.newTab();
  return phone;
}

/** Records in a page what its live regions tell. */
function recordSpoken() {
  globalThis.spoken = [];
  const selector = '[aria-live], [role=status], [role=alert]';
  const note = (node) => {
    const element = node instanceof Element ? node : node.parentElement;
    const inside = element?.querySelectorAll(selector) ?? [];
    for (const region of new Set([element?.closest(selector), ...inside])) {
      const text = region?.textContent.trim();
      if (text && globalThis.spoken.at(-1) !== text) globalThis.spoken.push(text);
    }
  };
  new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) {
      if (type === 'characterData') note(target);
      else addedNodes.forEach(note);
    }
  }).observe(document, { subtree: true, childList: true, characterData: true });
}

export class Phone {
  #shots = 0;

  constructor(context, options) {
    const { address, recommended, hasAuthenticator = false, folder, name = 'phone' } = options;
    this.context = context;
    this.viewport = options.viewport;
    this.address = address;
    this.recommended = recommended;
    this.hasAuthenticator = hasAuthenticator;
    this.folder = folder;
    this.name = name;
    this.watch = new Watch(context, [new URL(address).origin]);
    context.setDefaultTimeout(LIMIT_MS);
  }

  /** Opens a tab with the app, which the steps work in from then on. */
  async newTab() {
    this.page = await this.context.newPage();
    await this.page.setViewportSize(this.viewport);
    if (this.hasAuthenticator) {
      const session = await this.context.newCDPSession(this.page);
      await session.send('WebAuthn.enable');
      await session.send('WebAuthn.addVirtualAuthenticator', { options: AUTHENTICATOR });
    }
    await this.page.goto(new URL('/', this.address).href);
    return this.page;
  }

  /** Returns this phone with another of its tabs, for steps in that. */
  inTab(page) {
    return Object.assign(Object.create(this), { page });
  }

  /** Returns the sentences that a screen reader was told in this tab, in their order. */
  async spoken() {
    return this.page.evaluate(() => globalThis.spoken);
  }

  /** Waits for the page of a title. */
  async heading(title) {
    await this.page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
  }

  /** Presses the button of a name. */
  async press(name) {
    await this.page.getByRole('button', { name, exact: true }).click();
  }

  /** Presses the entry of a menu, whose name begins so. */
  async choose(name) {
    await this.page.getByRole('button', { name }).first().click();
  }

  async write(label, text) {
    await this.page.getByLabel(label, { exact: true }).fill(text);
  }

  /** Waits until a text can be read on the page. */
  async see(text) {
    await this.page.getByText(text).first().waitFor();
  }

  /** Returns whether a text can be read on the page now. */
  async sees(text) {
    return (await this.page.getByText(text).count()) > 0;
  }

  /** Takes a screenshot and returns its path. */
  async shot(name) {
    this.#shots += 1;
    const path = join(this.folder, `${this.name}-${String(this.#shots).padStart(2, '0')}-${name}.png`);
    await this.page.screenshot({ path });
    return path;
  }

  /** Returns all that the storage of the app holds, as text. */
  async stored() {
    return stored(this.page);
  }

  /** Looks for secrets in all that was stored, sent and written, and closes the phone. */
  async close() {
    if (this.isClosed) return;
    this.isClosed = true;
    const page = this.context.pages().find((it) => it.url().startsWith(this.address));
    if (page) this.watch.lookForSecrets('stored', await stored(page));
    this.watch.lookForSecretsSent();
    await this.context.close();
  }
}

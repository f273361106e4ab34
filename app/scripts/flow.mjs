// Goes the ways of a citizen through the built app (`npm run build`) in Chromium, with a virtual
// authenticator: make an identity, check its card, open it by PIN and passkey, write wrong PINs,
// restore it on another device, make it in two tabs at once. Fails on anything unexpected, on an
// error in the page (the policy's refusals are errors), on a request to another host, and where
// words of the card or the PIN are stored.

import { preview } from 'vite';

import { AUTHENTICATOR, startBrowser, watch } from './browser.mjs';
import { ROOT } from './sources.mjs';
import { stored } from './storage.mjs';

const PIN = '271828';
const OTHER_PIN = '314159';

const server = await preview({
  root: ROOT,
  logLevel: 'warn',
  preview: { port: 0, host: 'localhost' },
});
// A passkey belongs to a host's name and not to a number.
const address = `http://localhost:${server.httpServer.address().port}/`;
const browser = await startBrowser();
const found = [];
let way = '';

/** Begins on a device of its own: storage, authenticator, English. */
async function device() {
  const context = await browser.newContext({
    viewport: { width: 360, height: 740 },
    locale: 'en',
  });
  return context;
}

async function tab(context, hasAuthenticator = true) {
  const page = await context.newPage();
  watch(page, new URL(address).origin, (text) => found.push(`${way}: ${text}`));
  if (hasAuthenticator) {
    const session = await context.newCDPSession(page);
    await session.send('WebAuthn.enable');
    await session.send('WebAuthn.addVirtualAuthenticator', {
      options: AUTHENTICATOR,
    });
  }
  await page.goto(address);
  return page;
}

const heading = (page, text) =>
  page.getByRole('heading', { level: 1, name: text, exact: true }).waitFor({ timeout: 60_000 });
const press = (page, name) => page.getByRole('button', { name, exact: true }).click();
const write = (page, label, text) => page.getByLabel(label, { exact: true }).fill(text);

async function choosePin(page, pin) {
  await heading(page, 'Choose a PIN');
  await write(page, 'PIN', pin);
  await press(page, 'Continue');
  await heading(page, 'Enter the PIN again');
  await write(page, 'PIN', pin);
  await press(page, 'Continue');
}

async function open(page, pin) {
  await write(page, 'PIN', pin);
  await press(page, 'Open');
}

const wordsOn = (page) => page.getByRole('list', { name: 'Words of the card' }).innerText();

/** Reads the card from the settings. */
async function showCard(page, pin) {
  await page.getByRole('button', { name: 'Settings' }).click();
  await press(page, 'Show the recovery card');
  await write(page, 'PIN', pin);
  await press(page, 'Continue');
  await heading(page, 'Your recovery card');
  return (await wordsOn(page)).match(/[a-z]+/g);
}

/** Says a sentence where something else than expected is. */
function expect(isSo, text) {
  if (!isSo) found.push(`${way}: ${text}`);
}

async function makeIdentity() {
  way = 'make an identity';
  const phone = await device();
  const page = await tab(phone);
  await heading(page, 'An income for every person');
  await press(page, 'Make an identity');
  await choosePin(page, PIN);
  await heading(page, 'Open with your fingerprint or face?');
  await press(page, 'Set it up');
  await heading(page, 'Make a recovery card');
  await press(page, 'Show the words');
  await heading(page, 'Your recovery card');
  const words = (await wordsOn(page)).match(/[a-z]+/g);
  expect(words.length === 24, `the card has ${words.length} words`);
  await press(page, 'I have written them down');
  await heading(page, 'Check your card');
  const labels = await page.locator('label').allInnerTexts();
  for (const label of labels) {
    await write(page, label, words[Number(label.match(/\d+/)[0]) - 1]);
  }
  await press(page, 'Check');
  await heading(page, 'Your identity is on this phone');
  await page.getByText('Your recovery card is checked').waitFor();
  const kept = await stored(page);
  expect(kept.includes('annona-vault-1'), 'no vault is stored');
  expect(!kept.includes(PIN), 'the PIN is stored');
  // By neighbours: a single word of the list may be the name of a field.
  const pairs = words.slice(1).map((word, index) => `${words[index]}\\W+${word}`);
  expect(!pairs.some((pair) => new RegExp(pair, 'i').test(kept)), 'words of the card are stored');
  return { phone, page, words };
}

async function openIdentity({ page }) {
  way = 'open by PIN';
  await press(page, 'Lock');
  await heading(page, 'Open your identity');
  await open(page, OTHER_PIN);
  await page.getByText('This PIN is wrong. Nothing is lost. Enter it again.').waitFor();
  await open(page, PIN);
  await heading(page, 'Your identity is on this phone');
  way = 'open by passkey after the page was closed';
  await page.reload();
  await heading(page, 'Open your identity');
  await press(page, 'Use fingerprint or face');
  await heading(page, 'Your identity is on this phone');
}

async function changeWays({ page, words }) {
  way = 'change the PIN';
  await page.getByRole('button', { name: 'Settings' }).click();
  await press(page, 'Change the PIN');
  await write(page, 'PIN', PIN);
  await press(page, 'Continue');
  await choosePin(page, OTHER_PIN);
  await heading(page, 'Your identity is on this phone');
  expect((await showCard(page, OTHER_PIN)).join() === words.join(), 'the card is another');
  await press(page, 'Back');
  way = 'remove the passkey';
  await page.getByRole('button', { name: 'Settings' }).click();
  await press(page, 'Stop opening with fingerprint or face');
  await write(page, 'PIN', OTHER_PIN);
  await press(page, 'Continue');
  await heading(page, 'Your identity is on this phone');
  await press(page, 'Lock');
  await heading(page, 'Open your identity');
  expect((await page.getByText('Use fingerprint or face').count()) === 0, 'the passkey is left');
}

async function writeWrongPins({ page }) {
  way = 'wrong PINs';
  for (let count = 0; count < 4; count += 1) {
    await open(page, PIN);
    await page.getByText('Checking.').waitFor({ state: 'hidden' });
  }
  await page.getByText('Wait before you try again').waitFor();
  await open(page, OTHER_PIN);
  await page.getByText('Wait before you try again').waitFor();
  await page.reload();
  await page.getByText('Wait before you try again').waitFor();
}

async function restoreIdentity({ words }) {
  way = 'restore';
  const page = await tab(await device(), false);
  await press(page, 'I have a recovery card');
  await heading(page, 'Type the words of your card');
  await write(page, 'Words', words.slice(1).join(' '));
  await press(page, 'Continue');
  await page.getByText('You have typed 23 words. A card has 24.').waitFor();
  await write(page, 'Words', words.join(' '));
  await press(page, 'Continue');
  await choosePin(page, OTHER_PIN);
  await heading(page, 'Your identity is on this phone');
  expect((await showCard(page, OTHER_PIN)).join() === words.join(), 'the card is another');
  await page.context().close();
}

async function makeInTwoTabs() {
  way = 'two tabs';
  const phone = await device();
  const tabs = [await tab(phone, false), await tab(phone, false)];
  for (const page of tabs) {
    await press(page, 'Make an identity');
    await write(page, 'PIN', PIN);
    await press(page, 'Continue');
    await write(page, 'PIN', PIN);
  }
  await Promise.all(tabs.map((page) => press(page, 'Continue')));
  const ends = await Promise.all(
    tabs.map(async (page) => {
      const end = page.getByRole('heading', { name: /Make a recovery card|This did not work/ });
      await end.waitFor({ timeout: 60_000 });
      return end.innerText();
    }),
  );
  expect(ends.includes('This did not work'), 'both tabs made an identity');
  expect(ends.includes('Make a recovery card'), 'no tab made an identity');
  await phone.close();
}

async function noticeAnotherTab() {
  way = 'another tab';
  const phone = await device();
  const left = await tab(phone, false);
  await heading(left, 'An income for every person');
  const other = await tab(phone, false);
  await press(other, 'Make an identity');
  await choosePin(other, PIN);
  await heading(other, 'Make a recovery card');
  await left.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await heading(left, 'Open your identity');
  await phone.close();
}

async function chooseLanguage() {
  way = 'language';
  const page = await tab(await device(), false);
  await page.getByRole('button', { name: 'Language' }).click();
  await page.getByLabel('English').focus();
  await page.keyboard.press('ArrowDown');
  await heading(page, 'Elige tu idioma');
  const focused = await page.evaluate(() => document.activeElement.value);
  expect(focused === 'es', `the focus went to ${focused}`);
  await page.getByLabel('العربية').check();
  await page.getByRole('button', { name: 'متابعة', exact: true }).click();
  await page.reload();
  await page.locator('h1').waitFor();
  const shown = await page.evaluate(() => [document.documentElement.lang, document.dir]);
  expect(shown.join() === 'ar,rtl', `the page is in ${shown}`);
  await page.context().close();
}

try {
  const citizen = await makeIdentity();
  await openIdentity(citizen);
  await changeWays(citizen);
  await writeWrongPins(citizen);
  await restoreIdentity(citizen);
  await makeInTwoTabs();
  await noticeAnotherTab();
  await chooseLanguage();
} catch (error) {
  found.push(`${way}: ${error.message}`);
}
await browser.close();
await server.close();
for (const line of found) console.error(line);
console.log(`flow: ${found.length} objections`);
process.exit(found.length === 0 ? 0 : 1);

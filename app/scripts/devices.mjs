// Goes the ways from one device to another through the built app (`npm run build`) in Chromium,
// whose camera shows what is on another screen: restore from a card by its code, by a saved
// picture of it, the question about the card that comes later, and a copy to a second device, by
// keyboard alone, and with somebody in between as well. Fails on anything unexpected,
// on an error in the page, and on a request to another host.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { preview } from 'vite';

import { startBrowser, watch } from './browser.mjs';
import { cameraArguments, showToCamera } from './camera.mjs';
import { keyboardOf } from './e2e/keyboard.mjs';
import { ROOT } from './sources.mjs';
import { stored } from './storage.mjs';

const PIN = '271828';
const OTHER_PIN = '314159';
const LIMIT_MS = 60_000;
const DAY_MS = 86_400_000;

const folder = mkdtempSync(join(tmpdir(), 'annona-devices-'));
const camera = join(folder, 'camera.y4m');
const server = await preview({
  root: ROOT,
  logLevel: 'warn',
  preview: { port: 0, host: 'localhost' },
});
const address = `http://localhost:${server.httpServer.address().port}/`;
const browser = await startBrowser(cameraArguments(camera));
const painter = await browser.newPage();
const found = [];
let way = '';

/** Opens the app on a device of its own, whose clock is ahead by a time. */
async function device(aheadMs = 0, context = undefined) {
  const phone =
    context ??
    (await browser.newContext({ viewport: { width: 360, height: 740 }, locale: 'en' }));
  const page = await phone.newPage();
  page.setDefaultTimeout(LIMIT_MS);
  watch(page, new URL(address).origin, (text) => found.push(`${way}: ${text}`));
  await page.addInitScript((ahead) => {
    const now = Date.now.bind(Date);
    Date.now = () => now() + ahead;
  }, aheadMs);
  await page.goto(address);
  return page;
}

/** Acts of somebody with a pointer, and of somebody with a keyboard alone. */
const POINTER = {
  heading: (page, text) => page.getByRole('heading', { level: 1, name: text, exact: true }).waitFor(),
  press: (page, name) => page.getByRole('button', { name, exact: true }).click(),
  write: (page, label, text) => page.getByLabel(label, { exact: true }).fill(text),
};
const KEYBOARD = {
  heading: (page, text) => keyboardOf(page, expect).arrive(text),
  press: (page, name) => keyboardOf(page, expect).press(name),
  write: (page, label, text) => keyboardOf(page, expect).write(label, text),
};
let hands = POINTER;
const heading = (page, text) => hands.heading(page, text);
const press = (page, name) => hands.press(page, name);
const write = (page, label, text) => hands.write(page, label, text);
const see = (page, text) => page.getByText(text).first().waitFor();
const code = (page, name) => page.getByRole('img', { name, exact: true });

/** Says a sentence where something else than expected is. */
function expect(isSo, text) {
  if (!isSo) found.push(`${way}: ${text}`);
}

async function choosePin(page, pin) {
  for (const title of ['Choose a PIN', 'Enter the PIN again']) {
    await heading(page, title);
    await write(page, 'PIN', pin);
    await press(page, 'Continue');
  }
}

/** Holds something without a code before the camera, in the place of what was there. */
async function showNothing() {
  await showToCamera(camera, painter, readFileSync(join(ROOT, 'public/icon-192.png')));
}

/** Holds the code on one screen before the camera of the next device. */
async function show(page, name) {
  await showToCamera(camera, painter, await code(page, name).screenshot());
}

const wordsOn = async (page) =>
  (await page.getByRole('list', { name: 'Words of the card' }).innerText()).match(/[a-z]+/g);

async function cardOf(page, pin) {
  await press(page, 'Settings');
  await press(page, 'Show the recovery card');
  await write(page, 'PIN', pin);
  await press(page, 'Continue');
  await heading(page, 'Your recovery card');
  return wordsOn(page);
}

async function makeCard() {
  way = 'make a card';
  const page = await device();
  await press(page, 'Make an identity');
  await choosePin(page, PIN);
  await press(page, 'Show the words');
  await heading(page, 'Your recovery card');
  await code(page, 'Code of the card').waitFor();
  const pdf = (await page.pdf({ format: 'A4' })).toString('latin1');
  const sheets = pdf.match(/\/Type\s*\/Page\b/g)?.length;
  expect(sheets === 1, `the card is printed on ${sheets} pages`);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    press(page, 'Save as a picture'),
  ]);
  const picture = join(folder, download.suggestedFilename());
  await download.saveAs(picture);
  return { page, words: await wordsOn(page), picture };
}

async function restoreByCamera({ page: old, words }) {
  way = 'restore by the camera';
  const page = await device();
  await press(page, 'I have a recovery card');
  await showNothing();
  await press(page, 'Scan the code of the card');
  await heading(page, 'Scan the code of your card');
  await see(page, 'Looking for the code.');
  await press(page, 'Back');
  await show(old, 'Code of the card');
  await press(page, 'Scan the code of the card');
  await choosePin(page, OTHER_PIN);
  await heading(page, 'Your identity is on this phone');
  expect((await cardOf(page, OTHER_PIN)).join() === words.join(), 'the card is another');
  expect(!(await stored(page)).includes('ANNONA-CARD'), 'the code of the card is stored');
  await page.context().close();
}

async function restoreByPicture({ words, picture }) {
  way = 'restore by a picture';
  await showNothing();
  const page = await device();
  await press(page, 'I have a recovery card');
  await press(page, 'Scan the code of the card');
  const input = page.getByLabel('Choose a picture of the code');
  await input.setInputFiles(join(ROOT, 'public/icon-192.png'));
  await see(page, 'No code can be seen in this picture.');
  await input.setInputFiles(join(ROOT, 'package.json'));
  await see(page, 'This file is not a picture that the app can read. Choose another.');
  await input.setInputFiles(picture);
  await choosePin(page, OTHER_PIN);
  await heading(page, 'Your identity is on this phone');
  expect((await cardOf(page, OTHER_PIN)).join() === words.join(), 'the card is another');
  await page.context().close();
}

async function askLater({ page: old }) {
  way = 'the question about the card';
  const open = async (aheadMs) => {
    const page = await device(aheadMs, old.context());
    await write(page, 'PIN', PIN);
    await press(page, 'Open');
    return page;
  };
  const page = await open(2 * DAY_MS);
  await heading(page, 'Make a recovery card');
  await press(page, 'Go on without a card');
  await heading(page, 'Your identity is on this phone');
  await page.close();
  const later = await open(3 * DAY_MS);
  await heading(later, 'Your identity is on this phone');
  await old.context().close();
}

/** Shows the code on one phone to the other, which presses a button to scan it. */
async function scan(from, to, button) {
  await show(from, 'Code for the other phone');
  await press(to, button);
}

const digitsOn = async (page) => (await page.locator('.digits').innerText()).replace(/\D/g, '');

async function beginCopy(old) {
  const fresh = await device();
  await press(fresh, 'Copy from my other phone');
  await heading(fresh, 'Show this to your other phone');
  await press(old, 'Settings');
  await press(old, 'Copy to another phone');
  await heading(old, 'Copy to another phone');
  return fresh;
}

async function copyToSecondDevice({ page: old, words }) {
  way = 'copy to a second device, by keyboard alone';
  hands = KEYBOARD;
  await press(old, 'Back');
  await heading(old, 'Your identity is on this phone');
  const fresh = await beginCopy(old);
  await scan(fresh, old, 'Scan the code of the other phone');
  await heading(old, 'Let the other phone scan this');
  await scan(old, fresh, 'The other phone shows a code');
  await heading(fresh, 'Let the other phone scan this');
  await scan(fresh, old, 'Scan the code of the other phone');
  await heading(old, 'Do both phones show this number?');
  const shown = [await digitsOn(old), await digitsOn(fresh)];
  expect(/^\d{6}$/.test(shown[0]) && shown[0] === shown[1], `the phones show ${shown}`);
  await press(old, 'Yes, it is the same');
  await heading(old, 'Show that it is you, to make the copy');
  await write(old, 'PIN', PIN);
  await press(old, 'Continue');
  await heading(old, 'Let the other phone scan this');
  await scan(old, fresh, 'It is the same: scan the last code');
  await choosePin(fresh, OTHER_PIN);
  await heading(fresh, 'Your identity is on this phone');
  await press(old, 'Done');
  await heading(old, 'Your identity is on this phone');
  expect((await cardOf(fresh, OTHER_PIN)).join() === words.join(), 'the copy is another identity');
  hands = POINTER;
  await fresh.context().close();
}

/** Somebody shows the old phone a code of their own, and has the person scan that. */
async function copyWithSomebodyBetween({ page: old }) {
  way = 'a copy with somebody in between';
  const fresh = await beginCopy(old);
  const between = await device();
  await press(between, 'Copy from my other phone');
  await heading(between, 'Show this to your other phone');
  await scan(between, old, 'Scan the code of the other phone');
  await heading(old, 'Let the other phone scan this');
  await scan(old, fresh, 'The other phone shows a code');
  await heading(fresh, 'Let the other phone scan this');
  await scan(fresh, old, 'Scan the code of the other phone');
  await heading(old, 'The copy was stopped');
  await press(old, 'Continue');
  await heading(old, 'Your identity is on this phone');
  await fresh.context().close();
  await between.context().close();
}

try {
  const citizen = await makeCard();
  await restoreByCamera(citizen);
  await restoreByPicture(citizen);
  await copyToSecondDevice(citizen);
  await copyWithSomebodyBetween(citizen);
  await askLater(citizen);
} catch (error) {
  found.push(`${way}: ${error.message}`);
  for (const context of browser.contexts()) {
    for (const page of context.pages()) {
      found.push(await page.locator('body').innerText().catch(() => ''));
    }
  }
}
await browser.close();
await server.close();
rmSync(folder, { recursive: true });
for (const line of found) console.error(line);
console.log(`devices: ${found.length} objections`);
process.exit(found.length === 0 ? 0 : 1);

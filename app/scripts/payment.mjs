// Goes a new citizen's way to a payment, in Chromium at the size of a phone, with the real
// service, contracts, orb simulator and proofs of `annona demo --keep`: from the welcome page to a
// code that the orb reads from a screenshot, into the list, to the first payment, and to one of
// the next epoch. Fails on an error in the page, on a request to a host that nobody named, and
// where the secret's words are stored or sent.
//
// `node scripts/payment.mjs ANNONA`: the program, with `dist` built.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startBrowser, stored, watch } from './browser.mjs';
import { ROOT } from './sources.mjs';

const [program] = process.argv.slice(2);
if (!program) {
  console.error('usage: node scripts/payment.mjs ANNONA');
  process.exit(2);
}
const PIN = '271828';
/** Simulated person whom nobody of the demo is. */
const PERSON = '4711';
const LIMIT_MS = 120_000;
const found = [];
const folder = mkdtempSync(join(tmpdir(), 'annona-payment-'));

/** Runs the program to its end and returns what it printed. */
async function run(...words) {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (text += part));
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`annona ${words.join(' ')} ended with ${code}:\n${text}`);
  return text;
}

/** Starts the demo and waits until everything keeps running. */
async function startDemo() {
  const words = ['demo', '--people', '4', '--seed', '1', '--keep', '--app', join(ROOT, 'dist')];
  const demo = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  const places = await new Promise((resolve, reject) => {
    demo.on('close', () => reject(new Error(`the demo ended:\n${text}`)));
    for (const stream of [demo.stdout, demo.stderr]) {
      stream.on('data', (part) => {
        text += part;
        const line = /^service (\S+) {3}chain (\S+) {3}files (\S+)$/m.exec(text);
        if (line) resolve({ service: line[1], chain: line[2], files: line[3] });
      });
    }
  });
  return { demo, ...places };
}

const { demo, service, chain, files } = await startDemo();
const browser = await startBrowser();

/** Asks the chain's endpoint. */
async function ask(method, ...params) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(chain, { method: 'POST', headers, body });
  return (await answer.json()).result;
}

/** Moves the chain's time into the next epoch. */
async function nextEpoch() {
  const { endsAt } = await (await fetch(new URL('/v1/epochs/current', service))).json();
  const block = await ask('eth_getBlockByNumber', 'latest', false);
  await ask('evm_increaseTime', endsAt - Number(block.timestamp));
  await ask('evm_mine');
}

const phone = await browser.newContext({ viewport: { width: 360, height: 740 }, locale: 'en' });
const page = await phone.newPage();
page.setDefaultTimeout(LIMIT_MS);
const sent = [];
const origins = [new URL(service).origin, new URL(chain).origin];
watch(page, origins[0], (text) => {
  // Until the orb has sent the code, nobody knows its nonce, and Chromium calls a 404 an error.
  const isUnknownNonce = text.includes('the server responded with a status of 404');
  if (!text.startsWith(`asks ${origins[1]}/`) && !isUnknownNonce) found.push(text);
});
page.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`));

const heading = (text) =>
  page.getByRole('heading', { level: 1, name: text, exact: true }).waitFor();
const press = (name) => page.getByRole('button', { name, exact: true }).click();
const write = (label, text) => page.getByLabel(label, { exact: true }).fill(text);
const see = (text) => page.getByText(text).first().waitFor();
let shots = 0;
async function shot(name) {
  shots += 1;
  const path = join(folder, `${String(shots).padStart(2, '0')}-${name}.png`);
  await page.screenshot({ path });
  return path;
}

async function makeIdentity() {
  await page.goto(new URL('/', service).href);
  await heading('An income for every person');
  await shot('welcome');
  await press('Make an identity');
  for (const title of ['Choose a PIN', 'Write the PIN again']) {
    await heading(title);
    await write('PIN', PIN);
    await press('Continue');
  }
  await heading('Make a recovery card');
  await press('Show the words');
  await heading('Your recovery card');
  const words = (await page.getByRole('list', { name: 'Words of the card' }).innerText()).match(
    /[a-z]+/g,
  );
  await press('I have written them down');
  await heading('Check your card');
  for (const label of await page.locator('label').allInnerTexts()) {
    await write(label, words[Number(label.match(/\d+/)[0]) - 1]);
  }
  await press('Check');
  await see('You have not joined yet');
  return words;
}

async function nameEndpoint() {
  await press('Settings');
  await page.getByRole('button', { name: 'Checking against the chain' }).click();
  await write('Address of an endpoint', chain);
  await press('Add');
  await page.getByText(chain).first().waitFor();
  await shot('endpoint');
  await press('Back');
  await see('You have not joined yet');
}

async function visitOrb() {
  await press('Visit an orb');
  await shot('visit');
  await press('Show my code');
  await page.getByRole('img', { name: /code/i }).waitFor();
  const picture = await shot('code');
  const told = await run(
    ...['orb', 'enrol', '--service', service, '--deployment', join(files, 'deployment.json')],
    ...['--key-file', join(files, 'orb.key'), '--simulate', PERSON, '--qr', picture],
  );
  await see('You are in the list of members');
  await shot('in-the-list');
  await press('Continue');
  await heading('You are in');
  await shot('countdown');
  return told;
}

/** Claims the payment of the next epoch, and waits until `count` are paid. */
async function claim(count) {
  await nextEpoch();
  await page.reload();
  await heading('Open your identity');
  await write('PIN', PIN);
  await press('Open');
  const began = Date.now();
  await press('Get your payment');
  await page.getByText('Proving that you are a member').first().waitFor();
  await shot('proving');
  await page.getByText(/^Paid( a moment ago)?$/).nth(count - 1).waitFor();
  await shot('paid');
  return (Date.now() - began) / 1_000;
}

try {
  const words = await makeIdentity();
  await nameEndpoint();
  await visitOrb();
  for (const count of [1, 2]) {
    console.log(`payment ${count}: ${(await claim(count)).toFixed(1)} s from the button to the chain`);
  }
  // By neighbours: a single word of the list may be the name of a field.
  const pairs = words.slice(1).map((word, index) => new RegExp(`${words[index]}\\W+${word}`, 'i'));
  const places = { stored: await stored(page), sent: sent.join('\n') };
  for (const [name, text] of Object.entries(places)) {
    if (pairs.some((pair) => pair.test(text))) found.push(`words of the card are ${name}`);
    if (text.includes(PIN)) found.push(`the PIN is ${name}`);
  }
} catch (error) {
  await shot('failure');
  found.push(error.message);
} finally {
  await browser.close();
  demo.kill('SIGINT');
}
for (const text of found) console.error(text);
if (found.length === 0) rmSync(folder, { recursive: true });
else console.error(`screenshots: ${folder}`);
console.log(found.length === 0 ? 'a citizen joined and was paid twice' : `${found.length} faults`);
process.exit(found.length === 0 ? 0 : 1);

// Looks at the built app as Chromium keeps it: whether the browser would install it, how it opens
// without a network, and how it changes to a later version. The first visit keeps the app; without a
// server it opens and opens the identity; a later version waits for the person, is not mixed with
// the earlier one, and then replaces it in all tabs; one whose files are not those of its list is
// never taken. Fails on anything else.

import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';

import { startBrowser, startWithProfile, watch } from './browser.mjs';
import { fingerprintOf, seal } from './release.mjs';
import { ROOT } from './sources.mjs';

const PIN = '271828';
const LIMIT_MS = 60_000;
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
};
const folder = mkdtempSync(join(tmpdir(), 'annona-offline-'));
const found = [];
let way = '';
const expect = (isSo, text) => isSo || found.push(`${way}: ${text}`);

/** Makes a version of the app whose page and icon are others, sealed anew. */
function version(name) {
  const made = join(folder, name);
  cpSync(join(ROOT, 'dist'), made, { recursive: true });
  const change = (path, edit) => {
    const text = readFileSync(join(made, path), 'utf8');
    writeFileSync(join(made, path), edit(text));
  };
  change('index.html', (text) => text.replace('<title>Annona', `<title>Annona ${name}`));
  change('icon.svg', (text) => text.replace('</svg>', `<!-- ${name} --></svg>`));
  change('service-worker.js', (text) => {
    const [, list] = /["'`]([^"'`]*index\.html [0-9a-f]{64}[^"'`]*)["'`]/.exec(text);
    const hash = createHash('sha256').update(list).digest('hex');
    return text.replace(list, 'annona-files').replace(hash, 'annona-version');
  });
  seal(made);
  return made;
}

let served = version('one');
const server = createServer((request, response) => {
  const path = new URL(request.url, 'http://localhost').pathname.replace(/^\/$/, '/index.html');
  try {
    const body = readFileSync(join(served, path));
    response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
});
const listen = (port) => new Promise((resolve) => server.listen(port, 'localhost', resolve));
await listen(0);
const { port } = server.address();
const address = `http://localhost:${port}/`;
const browser = await startBrowser();
const phone = await browser.newContext({ viewport: { width: 360, height: 740 }, locale: 'en' });
phone.setDefaultTimeout(LIMIT_MS);
const page = await phone.newPage();
watch(page, new URL(address).origin, (text) => {
  // There is no service at this address, and no network in between.
  if (!/status of 404|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED/.test(text)) {
    found.push(`${way}: ${text}`);
  }
});
const heading = (text, at = page) =>
  at.getByRole('heading', { level: 1, name: text, exact: true }).waitFor();
const press = (name) => page.getByRole('button', { name, exact: true }).click();
const write = (label, text) => page.getByLabel(label, { exact: true }).fill(text);
const title = (at = page) => at.title();
const textOf = (path) => page.evaluate(async (it) => (await fetch(it)).text(), path);
const waiting = () =>
  page.evaluate(async () => Boolean((await navigator.serviceWorker.getRegistration()).waiting));
const update = () =>
  page.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    await registration.update().catch(() => undefined);
    const { installing } = registration;
    await new Promise((resolve) => {
      if (!installing) resolve();
      installing?.addEventListener('statechange', resolve);
    });
  });

async function visit() {
  way = 'first visit';
  await page.goto(address);
  await heading('An income for every person');
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await press('Make an identity');
  for (const name of ['Choose a PIN', 'Enter the PIN again']) {
    await heading(name);
    await write('PIN', PIN);
    await press('Continue');
  }
  await heading('Make a recovery card');
  await press('Later');
}

async function goOffline() {
  way = 'without a network';
  await phone.setOffline(true);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await page.reload();
  await heading('Open your identity');
  await write('PIN', PIN);
  await press('Open');
  await heading('Your identity is on this phone');
  await page.getByText('No service to work with').waitFor();
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('button', { name: 'Language' }).click();
  await page.getByLabel('Español').check();
  await heading('Elige tu idioma');
  await page.getByLabel('English').check();
  await press('Continue');
  await listen(port);
  await phone.setOffline(false);
}

async function checkFiles() {
  way = 'own files';
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('button', { name: 'Check this app' }).click();
  await page.getByText(/All \d+ files are as published/).waitFor();
  const fingerprint = fingerprintOf(readFileSync(join(served, 'release.json')));
  await page.getByText(fingerprint).waitFor();
  await press('Back');
}

async function changeVersion() {
  way = 'a later version';
  const other = await phone.newPage();
  await other.goto(address);
  served = version('two');
  await update();
  await page.reload();
  await heading('Open your identity');
  expect((await title()) === 'Annona one', `the page is of ${await title()} before the person agrees`);
  expect((await textOf('icon.svg')).includes('one'), 'a file of the later version is mixed in');
  await write('PIN', PIN);
  await press('Open');
  await page.getByText('A new version of the app is here').waitFor();
  await press('Use the new version');
  for (const tab of [page, other]) {
    await tab.waitForFunction(() => document.title === 'Annona two');
    await heading('Open your identity', tab);
  }
  expect((await textOf('icon.svg')).includes('two'), 'a file of the earlier version is left');
  const kept = await page.evaluate(() => caches.keys());
  expect(kept.length === 1, `${kept.length} versions are kept`);
  await other.close();
}

async function refuseDamaged() {
  way = 'a version that is not as published';
  served = version('three');
  const path = join(served, 'icon.svg');
  writeFileSync(path, `${readFileSync(path, 'utf8')} `);
  await update();
  expect(!(await waiting()), 'it is taken');
  await page.reload();
  await heading('Open your identity');
  expect((await title()) === 'Annona two', `the page is of ${await title()}`);
}

/** Asks Chromium itself whether it would install the app. */
async function install() {
  way = 'installing';
  const owner = await startWithProfile(join(folder, 'profile'));
  const tab = await owner.newPage();
  await tab.goto(address);
  const session = await owner.newCDPSession(tab);
  const { installabilityErrors: errors } = await session.send('Page.getInstallabilityErrors');
  expect(errors.length === 0, `it is refused: ${JSON.stringify(errors)}`);
  const { errors: faults, manifest } = await session.send('Page.getAppManifest');
  expect(faults.length === 0, `the manifest has faults: ${JSON.stringify(faults)}`);
  expect(manifest?.id === address && manifest.display === 'kStandalone', 'the app has no window of its own');
  await owner.close();
}

try {
  await install();
  await visit();
  await goOffline();
  await checkFiles();
  await changeVersion();
  await refuseDamaged();
} catch (error) {
  const shot = join(tmpdir(), 'annona-offline-failure.png');
  await page.screenshot({ path: shot }).catch(() => undefined);
  found.push(`${way}: ${error.message}`, `screenshot: ${shot}`);
}
await browser.close();
server.closeAllConnections();
server.close();
rmSync(folder, { recursive: true });
for (const line of found) console.error(line);
console.log(`offline: ${found.length} objections`);
process.exit(found.length === 0 ? 0 : 1);

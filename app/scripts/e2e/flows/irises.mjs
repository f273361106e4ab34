// What an orb saw of a person's eyes comes home to the phone, encrypted, and no service has it then.

import { readFile } from 'node:fs/promises';

import { join, openByPin, PIN, reopen } from '../steps.mjs';

export const title = 'irises come home encrypted, are kept, saved and deleted';

const COLLECT = /\/v1\/enrolments\/by-nonce\/0x[0-9a-f]{64}\/package$/;
const CONFIRM = /\/v1\/enrolments\/by-nonce\/0x[0-9a-f]{64}\/package\/received$/;

export async function run({ demo, service, newPhone, expect }) {
  const phone = await newPhone();
  await join(phone, demo);
  await phone.press('All about me');
  await phone.see('This phone keeps your irises');
  await phone.see('The service has deleted its encrypted copy.');
  await phone.shot('irises');

  const posts = service.seen.filter(({ method }) => method === 'POST');
  const places = [COLLECT, CONFIRM].map((path) => posts.filter(({ url }) => path.test(url)));
  const [collects, confirms] = places;
  expect(collects.length > 0, 'nothing was collected');
  expect(confirms.length === 1, `the receipt was confirmed ${confirms.length} times`);
  expect(posts.indexOf(collects[0]) < posts.indexOf(confirms[0]), 'confirmed before it came');
  for (const { url, body } of collects) {
    const headers = { 'content-type': 'application/json' };
    const again = await fetch(new URL(url, demo.service), { method: 'POST', headers, body });
    const { code } = await again.json();
    expect(code === 'package-unknown', `the service still answers ${again.status} ${code}`);
  }

  const codeSalts = [];
  await phone.press('Save the irises as files');
  await phone.write('PIN', PIN);
  await phone.press('Continue');
  for (const [button, eye] of [['Save the left eye', 'left'], ['Save the right eye', 'right']]) {
    const coming = phone.page.waitForEvent('download');
    await phone.press(button);
    const file = JSON.parse(await readFile(await (await coming).path(), 'utf8'));
    expect(file.eye === eye && file.format === 'annona-iris-package-1', `${eye} is ${file.eye}`);
    // Rows of an iris near the pupil; a dark or bright one alone could be anywhere.
    const pixels = Buffer.from(file.pixels, 'hex');
    const starts = Array.from({ length: pixels.length / 32 }, (_, index) => 32 * index);
    const rich = starts.map((at) => pixels.subarray(at, at + 32)).filter(isRich);
    expect(rich.length > 10, `few pixels of the ${eye} eye differ`);
    for (const part of rich.slice(0, 20)) phone.watch.addBytes('an iris', part);
    phone.watch.addBytes('a salt of an iris', Buffer.from(file.image_salt.slice(2), 'hex'));
    codeSalts.push(file.code_salt.slice(2));
  }
  phone.watch.lookForSecrets('stored', await phone.stored());

  // The orb sends the salts of the codes with them (ENROL-19); the phone sends them to nobody.
  const own = service.seen.filter(({ isOfBrowser }) => isOfBrowser);
  const sent = own.map((it) => JSON.stringify(it)).join();
  expect(!codeSalts.some((salt) => sent.includes(salt)), 'a salt of a code is sent by the phone');
  expect(own.length > 0, 'no request of the phone was recorded');

  await reopen(phone);
  await phone.press('All about me');
  await phone.see('This phone keeps your irises');
  const tab = phone.inTab(await phone.newTab());
  await openByPin(tab);
  await tab.press('All about me');
  await tab.see('This phone keeps your irises');
  await tab.press('Delete the irises');
  await tab.write('PIN', PIN);
  await tab.press('Delete them now');
  await tab.see('The irises are deleted');
  await tab.press('Done');
  await tab.see('This phone has no irises of yours.');
}

/** Returns whether bytes are so many different ones that they are nowhere by chance. */
const isRich = (bytes) => new Set(bytes).size >= 8;

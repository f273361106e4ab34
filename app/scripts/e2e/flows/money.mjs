import { readFileSync } from 'node:fs';
import { join as path } from 'node:path';

import { openMoney, waitUntilDone, writeReceiver } from '../money.mjs';
import { claim, join, PIN, reopen, waitForPayments } from '../steps.mjs';

export const title = 'a citizen sends money, brings it together, and claims without a service';

/** Receivers whom nobody knows. */
const FRIEND = '0x00000000000000000000000000000000000f1234';
const OTHER_WALLET = '0x00000000000000000000000000000000000f5678';
const ONE_COIN = '0xde0b6b3a7640000';

export async function run({ demo, newPhone, nextEpoch, expect }) {
  const { token } = JSON.parse(readFileSync(path(demo.files, 'deployment.json'), 'utf8'));
  const held = async (owner) =>
    BigInt(
      await demo.ask('eth_call', { to: token, data: `0x70a08231${owner.slice(2).padStart(64, '0')}` }, 'latest'),
    );
  const phone = await newPhone();
  await join(phone, demo);
  for (const count of [1, 2]) {
    await nextEpoch();
    await reopen(phone);
    await claim(phone, count);
  }

  // Sending: without coin nothing is sent, and the app says what helps.
  await openMoney(phone);
  await phone.choose('Send money');
  await writeReceiver(phone, FRIEND);
  await phone.heading('How much?');
  await phone.page.getByLabel(/^Amount in /).fill('0.001');
  await phone.press('Continue');
  await giveCoin(phone, demo);
  await writeReceiver(phone, FRIEND);
  await phone.page.getByLabel(/^Amount in /).fill('0.001');
  await phone.press('Continue');
  await phone.heading('Is this right?');
  await phone.shot('check');
  await phone.press('Send now');
  await waitUntilDone(phone, demo);
  const sent = await held(FRIEND);
  expect(sent === 10n ** 15n, `the friend has ${sent} and not 0.001`);

  // A sweep of two addresses: one account pays, by permits, and it is said what this links.
  await phone.press('Back');
  await phone.choose('Bring your money together');
  await writeReceiver(phone, OTHER_WALLET);
  await giveCoin(phone, demo);
  await writeReceiver(phone, OTHER_WALLET);
  await phone.see('This links 2 payments');
  await phone.shot('links');
  await phone.press('Send now');
  await waitUntilDone(phone, demo);
  const together = await held(OTHER_WALLET);
  expect(together > 0n, 'nothing was brought together');

  // The key of an account, behind the PIN.
  await phone.press('Back');
  await phone.choose('Take a key to another wallet');
  await phone.write('PIN', '000000');
  await phone.press('Show the key');
  await phone.see(/wrong/i);
  await phone.write('PIN', PIN);
  await phone.press('Show the key');
  const key = await phone.page.getByText(/^0x[0-9a-f]{64}$/).innerText();
  expect(key.length === 66, 'no key was shown');
  await phone.press('Hide the key');
  expect(!(await phone.stored()).includes(key.slice(2)), 'the key is stored');
  await phone.press('Back');

  // No service takes the claim: the person sends it.
  await nextEpoch();
  phone.watch.expectErrors(/Failed to load resource|ERR_FAILED/);
  await phone.context.route('**/v1/claims', (route) =>
    route.request().method() === 'POST' ? route.abort() : route.continue(),
  );
  await reopen(phone);
  await phone.press('Get your payment');
  await phone.page.getByText('Waiting on this phone to be sent').first().click();
  await phone.press('Ask for it yourself');
  // The account for gas has coin left of the sweep, and it is said what that reveals.
  await phone.see('Everybody can see which account paid the cost');
  await phone.see('all it pays for belongs to one person');
  await phone.shot('own-claim');
  await phone.press('Send now');
  await waitUntilDone(phone, demo);
  await phone.press('Back');
  await phone.press('Back');
  await waitForPayments(phone, 3);
}

/** Has coin sent to the address that the app names, and tries again. */
async function giveCoin(phone, demo) {
  await phone.see('Address for the coin');
  await phone.shot('no-coin');
  const address = await phone.page.getByText(/^0x[0-9a-fA-F]{40}$/).first().innerText();
  await demo.ask('anvil_setBalance', address, ONE_COIN);
  await demo.ask('evm_mine');
  await phone.press('Try again');
}

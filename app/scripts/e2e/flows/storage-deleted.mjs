import { claim, join, readWords, reopen, waitForPayments } from '../steps.mjs';

export const title = 'the browser deletes everything: the app says so, and the card brings it back';

export async function run({ demo, newPhone, nextEpoch, claimsSent, expect }) {
  const phone = await newPhone();
  const words = await join(phone, demo);
  await nextEpoch();
  await reopen(phone);
  await claim(phone);
  const session = await phone.context.newCDPSession(phone.page);
  const origin = new URL(phone.address).origin;
  await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' });
  // The app looks when somebody turns to it.
  await phone.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await phone.see('There is no identity on this phone any more.');
  await phone.shot('gone');
  await phone.page.close();
  const empty = await phone.context.newPage();
  const outside = await phone.context.newCDPSession(empty);
  await outside.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' });
  await phone.newTab();
  await empty.close();
  await phone.heading('An income for every person');
  await phone.choose('Help');
  await phone.see('Can the browser lose my identity?');
  await phone.press('Back');

  await readWords(phone, words);
  await phone.press('I have joined already');
  await phone.heading('Your payment');
  // It cannot know any longer what it was paid, and is not paid twice.
  phone.watch.expectErrors(/status of 404/);
  await phone.choose(/^Get/);
  await waitForPayments(phone, 1);
  const count = await demo.countPayments(claimsSent().at(-1).nullifierHash);
  expect(count === 1, `the claim is paid ${count} times`);
}

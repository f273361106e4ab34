import { claim, join, readWords, reopen } from '../steps.mjs';

export const title = 'the browser deletes everything: the app says so, and the card brings it back';

export async function run({ demo, newPhone, nextEpoch, expect }) {
  const phone = await newPhone();
  const words = await join(phone, demo);
  await nextEpoch();
  await reopen(phone);
  await claim(phone);
  const session = await phone.context.newCDPSession(phone.page);
  const origin = new URL(phone.address).origin;
  await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' });
  // The app looks when somebody turns to it.
  await phone.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await phone.see('There is no identity on this phone any more.');
  await phone.shot('gone');
  await phone.page.reload();
  await phone.heading('An income for every person');
  await phone.choose('Help');
  await phone.see('Can the browser lose my identity?');
  await phone.press('Back');

  await readWords(phone, words);
  await phone.press('I have joined already');
  // What the chain knows is not lost.
  await phone.see('Your payment of');
  await phone.press('Get your payment');
  await phone.see(/Paid|already/);
}

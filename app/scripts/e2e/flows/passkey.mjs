import { claim, join, PIN, reopen } from '../steps.mjs';

export const title = 'a citizen with a fingerprint reader goes the whole way by passkey';

export async function run({ demo, newPhone, nextEpoch, expect }) {
  // A passkey belongs to a host's name and not to a number.
  const address = demo.service.replace('127.0.0.1', 'localhost');
  const phone = await newPhone({ address, hasAuthenticator: true });
  await join(phone, demo);
  await nextEpoch();
  await phone.page.reload();
  await phone.heading('Open your identity');
  await phone.press('Use fingerprint or face');
  await claim(phone);
  await phone.press('Lock');
  await phone.heading('Open your identity');
  expect(!(await phone.sees('Get your payment')), 'a locked identity shows its payments');
  // The PIN opens it all the same.
  await reopen(phone, PIN);
  await phone.see('Your requests');
}

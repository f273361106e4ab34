import { join, reopen, waitForPayments } from '../steps.mjs';

export const title = 'payments of missed epochs are offered together, and all are paid';

export async function run({ demo, newPhone, nextEpoch, claimsSent, expect }) {
  const phone = await newPhone();
  await join(phone, demo);
  await nextEpoch();
  await nextEpoch();
  await reopen(phone);
  await phone.see('2 payments are ready. You can get them together.');
  await phone.press('Get 2 payments');
  await waitForPayments(phone, 2);
  await phone.see('You have asked for every payment that is open.');
  const sent = claimsSent();
  expect(new Set(sent.map(({ epoch }) => epoch)).size === 2, 'the claims are not of two epochs');
  expect(
    new Set(sent.map(({ recipient }) => recipient)).size === 2,
    'both payments go to one address, which links them',
  );
}

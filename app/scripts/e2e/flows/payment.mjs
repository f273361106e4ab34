// Tests IDENT-4: the proof that the browser made stands before the npm package as well.

import { inSemaphoresForm, judgedByOthers } from '../semaphore.mjs';
import { claim, join, reopen } from '../steps.mjs';

export const title = 'a new citizen joins and is paid in two epochs, by proofs that others accept';

export async function run({ demo, folder, newPhone, nextEpoch, claimsSent, expect }) {
  const phone = await newPhone();
  await join(phone, demo);
  await nextEpoch();
  await reopen(phone);
  await checkPlace(phone);
  // The app sees the payment by itself.
  await claim(phone, 1, { isPatient: true });
  const form = await inSemaphoresForm(claimsSent()[0], demo);
  const judged = judgedByOthers(form, folder);
  // Awaited below: until then its failure is nobody's.
  judged.catch(() => undefined);
  await nextEpoch();
  await reopen(phone);
  await claim(phone, 2);
  const { accepted, changes, changesRefused } = await judged;
  expect(accepted === 1, 'the npm package refuses the proof');
  expect(changes === 12 && changesRefused === 12, `${changesRefused} of ${changes} changes are refused`);
}

/** Checks the own place in the list before any payment. */
async function checkPlace(phone) {
  await phone.choose('Check it yourself');
  await phone.see('Your place in the list: PASS');
  await phone.shot('place');
  await phone.press('Back');
}

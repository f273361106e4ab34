import { claim, join, reopen } from '../steps.mjs';

export const title = 'a new citizen joins and is paid in two epochs';

export async function run({ demo, newPhone, nextEpoch }) {
  const phone = await newPhone();
  await join(phone, demo);
  for (const count of [1, 2]) {
    await nextEpoch();
    await reopen(phone);
    if (count === 1) await checkPlace(phone);
    await claim(phone, count);
  }
}

/** Checks the own place in the list before any payment. */
async function checkPlace(phone) {
  await phone.choose('Check it yourself');
  await phone.see('Your place in the list: PASS');
  await phone.shot('place');
  await phone.press('Back');
}

import { claim, join, reopen } from '../steps.mjs';

export const title = 'a new citizen joins and is paid in two epochs';

export async function run({ demo, newPhone, nextEpoch }) {
  const phone = await newPhone();
  await join(phone, demo);
  for (const count of [1, 2]) {
    await nextEpoch();
    await reopen(phone);
    await claim(phone, count);
  }
}

import { claim, join, reopen } from '../steps.mjs';

export const title = 'a prover file with another byte makes no proof';

const PROVER = /\/assets\/semaphore_30[^/]*\.prover$/;

export async function run({ demo, service, newPhone, nextEpoch, claimsSent, expect }) {
  const phone = await newPhone({ hasServiceWorker: false });
  await join(phone, demo);
  await nextEpoch();
  await reopen(phone);
  const answer = (_, { body }) => {
    const changed = Buffer.from(body);
    changed[changed.length >> 1] ^= 1;
    return { body: changed };
  };
  service.rules.push({ method: 'GET', path: PROVER, answer });
  await phone.press('Get your payment');
  await phone.see('A part of the app that makes your proof is not the one this app knows.');
  await phone.shot('refused');
  expect(claimsSent().length === 0, 'a claim was sent');

  // The right file is taken again, though the browser has kept the other one.
  service.rules.pop();
  await reopen(phone);
  await claim(phone);
}

import { claim, join, openByPin, reopen } from '../steps.mjs';

export const title = 'a tab is closed in the middle of a proof: nothing is sent, and nothing is lost';

const PROVER = /\/assets\/semaphore_30[^/]*\.prover$/;

export async function run({ demo, service, newPhone, nextEpoch, claimsSent, expect }) {
  const phone = await newPhone({ hasServiceWorker: false });
  await join(phone, demo);
  await nextEpoch();
  await reopen(phone);
  // The proof waits for its key until the tab is closed.
  let goOn;
  const closed = new Promise((resolve) => (goOn = resolve));
  const asked = new Promise((resolve) => {
    service.rules.push({ method: 'GET', path: PROVER, reply: () => (resolve(), closed) });
  });
  await phone.press('Get your payment');
  await phone.see('Fetching the part of the app that makes the proof');
  await asked;
  await phone.page.close();
  service.rules.pop();
  goOn();
  await phone.newTab();
  await openByPin(phone);
  await phone.see('Get your payment');
  expect(claimsSent().length === 0, 'a claim was sent');
  await claim(phone);
  expect(claimsSent().length === 1, `the claim was sent ${claimsSent().length} times`);
}

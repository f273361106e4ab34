import { join, nameService, removeService, reopen, waitForPayments } from '../steps.mjs';

export const title = 'a relay that drops a claim: its receipt becomes evidence, and another relay pays';

/** Seconds within which the relay promises to pay. */
const PROMISE_SECS = 45;

export async function run({ demo, newPhone, newProxy, newService, nextEpoch, expect }) {
  // It signs receipts as every relay does, and keeps the claims to itself.
  const relay = await newService({
    changes: [
      ['wait_secs = 3\n', 'wait_secs = 86000\n'],
      ['[sequencer]', `[claims]\npromise_secs = ${PROMISE_SECS}\n[sequencer]`],
    ],
  });
  const way = await newProxy(relay.address);
  const phone = await newPhone();
  await join(phone, demo);
  await nameService(phone, way.address);
  await removeService(phone, demo.service);
  await nextEpoch();
  await reopen(phone);
  await phone.press('Get your payment');
  await phone.see('A service has your request');
  expect(!(await phone.sees('A service has not kept its word')), 'blamed before the deadline');
  await demo.passTime(PROMISE_SECS + 1);
  await reopen(phone);
  await phone.see('A service has not kept its word');
  await phone.choose(/^Payment of/);
  await phone.see('nothing on the chain shows a payment or a cause');
  await phone.shot('broken');
  await phone.press('Back');

  await relay.stop();
  phone.watch.expectErrors(/Failed to load resource: net::ERR_/);
  await nameService(phone, demo.service);
  await waitForPayments(phone, 1);
  await phone.choose(/^Payment of/);
  await phone.see('You were paid after the time that the service promised');
  const [sent] = way.claims();
  const count = await demo.countPayments(sent.nullifierHash);
  expect(count === 1, `the claim is paid ${count} times`);
}

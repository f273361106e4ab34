import { join, nameEndpoint, nameService, openByPin, reopen, waitForPayments } from '../steps.mjs';

export const title = 'two tabs at once: one claim, and no choice of either is lost';

export async function run({ demo, newPhone, newProxy, nextEpoch, claimsSent, expect }) {
  const phone = await newPhone();
  await join(phone, demo);
  await nextEpoch();
  await reopen(phone);
  const first = phone.inTab(phone.page);
  const second = phone.inTab(await phone.newTab());
  await openByPin(second);
  for (const tab of [first, second]) await tab.see('Get your payment');
  await Promise.all([first, second].map((tab) => tab.press('Get your payment')));
  await Promise.all([first, second].map((tab) => waitForPayments(tab, 1)));
  expect(claimsSent().length === 1, `the claim was sent ${claimsSent().length} times`);
  const count = await demo.countPayments(claimsSent()[0].nullifierHash);
  expect(count === 1, `the claim is paid ${count} times`);

  const [otherService, otherEndpoint] = [await newProxy(), await newProxy(demo.chain)];
  await nameService(first, otherService.address);
  await nameEndpoint(second, otherEndpoint.address);
  await reopen(first);
  for (const [place, { address }] of [
    ['Services', otherService],
    ['Checking against the chain', otherEndpoint],
  ]) {
    await first.choose('Settings');
    await first.choose(place);
    await first.heading(place);
    expect(await first.sees(address), `${address} is lost from "${place}"`);
    await first.press('Back');
  }
}

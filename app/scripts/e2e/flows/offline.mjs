import { CLAIMS, join, openByPin, reopen, waitForPayments } from '../steps.mjs';

export const title = 'a claim waits while there is no network, the app closed or not, and is sent once after';

export async function run({ demo, newPhone, nextEpoch, claimsSent, expect }) {
  const phone = await newPhone();
  await join(phone, demo);
  await nextEpoch();
  await reopen(phone);
  phone.watch.expectErrors(/ERR_INTERNET_DISCONNECTED|ERR_FAILED/);
  // The proof is made, and the network goes at the moment of sending.
  await phone.page.route(CLAIMS, async (route) => {
    await phone.context.setOffline(true);
    await route.abort('internetdisconnected');
  });
  await phone.press('Get your payment');
  await phone.see('Waiting on this phone to be sent');
  await phone.shot('waiting');
  await phone.choose(/^Payment of/);
  await phone.see('Your request is safe on this phone.');
  await phone.press('Back');

  // The app is closed and opened without a network, from the files that this phone keeps.
  await phone.page.reload();
  await openByPin(phone);
  await phone.see('Waiting on this phone to be sent');
  expect(!(await phone.sees('Get your payment')), 'a payment that was asked for is offered again');

  await phone.page.unroute(CLAIMS);
  expect(claimsSent().length === 0, 'a claim came though there is no network');
  await phone.context.setOffline(false);
  await waitForPayments(phone, 1);
  const sent = claimsSent().length;
  expect(sent === 1, `the claim was sent ${sent} times after the network was back`);
}

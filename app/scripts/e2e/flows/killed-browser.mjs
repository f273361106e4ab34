import { startOwnBrowser } from '../own-browser.mjs';
import { CLAIMS, join, openByPin, reopen, waitForPayments } from '../steps.mjs';

export const title = 'the browser is killed while a claim waits: it is sent at the next start, without a PIN';

export async function run({ demo, service, folder, adopt, nextEpoch, claimsSent, expect }) {
  let browser = await startOwnBrowser(folder);
  let phone = await adopt(browser);
  await join(phone, demo);
  await nextEpoch();
  await reopen(phone);
  phone.watch.expectErrors(/Failed to load resource: net::ERR_/);
  const isLost = { method: 'POST', path: CLAIMS, reply: () => Promise.reject(new Error('lost')) };
  service.rules.push(isLost);
  await phone.press('Get your payment');
  await phone.see('Waiting on this phone to be sent');
  await browser.kill();

  service.rules.pop();
  const before = claimsSent().length;
  browser = await startOwnBrowser(folder);
  phone = await adopt(browser);
  phone.watch.allow(demo.chain);
  await phone.heading('Open your identity');
  for (let tries = 0; tries < 600 && claimsSent().length === before; tries += 1) {
    await phone.page.waitForTimeout(200);
  }
  const sent = claimsSent().length - before;
  expect(sent === 1, `the claim was sent ${sent} times before the identity was open`);
  await openByPin(phone);
  await waitForPayments(phone, 1);
}

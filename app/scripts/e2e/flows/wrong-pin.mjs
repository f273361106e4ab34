import { makeIdentity, openByPin, PIN } from '../steps.mjs';

export const title = 'ten wrong PINs: the waits grow, and nothing is deleted';

/** Waits after each wrong PIN, in seconds. */
const WAITS = [0, 0, 0, 30, 60, 300, 900, 3_600, 3_600, 3_600];
const WRONG = '314159';
/** Rest of a wait in which the right PIN is tried: more than a slow machine needs for it. */
const REST_SECS = 25;

export async function run({ newPhone, expect }) {
  const phone = await newPhone({ hasServiceWorker: false });
  await makeIdentity(phone);
  const before = await vaultOf(phone);
  let passedMs = 0;
  // The wallet's worker counts the waits by the device's clock, which this sets on.
  await phone.page.route(/\/assets\/worker-[^/]*\.js$/, async (route) => {
    const answer = await route.fetch();
    if (!answer.ok()) return route.fulfill({ response: answer });
    const shift = `{ const now = Date.now.bind(Date); Date.now = () => now() + ${passedMs}; }\n`;
    await route.fulfill({ response: answer, body: shift + (await answer.text()) });
  });
  await phone.page.reload();
  for (const [index, waitSecs] of WAITS.entries()) {
    await openByPin(phone, WRONG);
    const number = `wrong PIN ${index + 1}`;
    if (waitSecs === 0) {
      await phone.see('This PIN is wrong. Nothing is lost. Enter it again.');
      continue;
    }
    await phone.see('Wait before you try again');
    // Shortly before the wait is over, not even the right PIN is looked at.
    passedMs += 1_000 * (waitSecs - REST_SECS);
    await phone.page.reload();
    await phone.see('Wait before you try again');
    await openByPin(phone, PIN);
    await phone.page.waitForTimeout(500);
    expect(!(await phone.sees('You have not joined yet')), `${number}: opened within the wait`);
    passedMs += 1_000 * (REST_SECS + 1);
    await phone.page.reload();
    await phone.heading('Open your identity');
    expect(!(await phone.sees('Wait before you try again')), `${number}: the wait goes on`);
  }
  expect((await vaultOf(phone)) === before, 'wrong PINs changed what is kept');
  await openByPin(phone, PIN);
  await phone.see('You have not joined yet');
}

/** Returns the record of the vault as text. */
async function vaultOf(phone) {
  return (await phone.stored()).match(/.*annona-vault.*/)?.[0];
}

import { openMoney } from '../money.mjs';
import { choosePin, claim, join, PIN, readCard, reopen } from '../steps.mjs';

export const title = 'a citizen with a fingerprint reader goes the whole way by passkey';

const PASSKEY = 'Use fingerprint or face';
const OTHER_PIN = '314159';

export async function run({ demo, newPhone, nextEpoch, expect }) {
  // A passkey belongs to a host's name and not to a number.
  const address = demo.service.replace('127.0.0.1', 'localhost');
  const phone = await newPhone({ address, hasAuthenticator: true });
  const words = await join(phone, demo);
  await nextEpoch();
  await phone.page.reload();
  await phone.heading('Open your identity');
  await phone.press(PASSKEY);
  await claim(phone);
  await phone.press('Lock');
  await phone.heading('Open your identity');
  expect(!(await phone.sees('Get your payment')), 'a locked identity shows its payments');
  // The PIN opens it all the same.
  await reopen(phone, PIN);
  await phone.see('Your requests');
  await useForAll(phone, words, expect);
}

/** Uses the passkey wherever the PIN is asked for. */
async function useForAll(phone, words, expect) {
  await openMoney(phone);
  await phone.choose('Take a key to another wallet');
  await phone.press(PASSKEY);
  const key = await phone.page.getByText(/^0x[0-9a-f]{64}$/).innerText();
  await phone.shot('key');
  await phone.press('Hide the key');
  expect(!(await phone.stored()).includes(key.slice(2)), 'the key is stored');
  await phone.press('Back');
  await task(phone, 'Show the recovery card');
  expect((await readCard(phone)).join() === words.join(), 'the card is another');
  await phone.press('Back');
  await task(phone, 'Change the PIN');
  await choosePin(phone, OTHER_PIN);
  await phone.see('Your requests');
  await reopen(phone, OTHER_PIN);
  await phone.see('Your requests');
  await task(phone, 'Stop opening with fingerprint or face');
  await phone.see('Your requests');
  await phone.press('Lock');
  await phone.heading('Open your identity');
  expect(!(await phone.sees(PASSKEY)), 'the passkey is left');
}

async function task(phone, name) {
  await phone.choose('Settings');
  await phone.press(name);
  await phone.press(PASSKEY);
}

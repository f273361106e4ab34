import { claim, join, readWords, reopen } from '../steps.mjs';

export const title = 'a second device claims the same payment, and a stranger replays it: paid once';

const OWN_ADDRESS = '0x00000000000000000000000000000000000a11ce';

export async function run({ demo, newPhone, nextEpoch, claimsSent, expect }) {
  const first = await newPhone();
  const words = await join(first, demo);
  await nextEpoch();
  const second = await newPhone();
  // Nobody was a member in the first epoch, whose list there is none of.
  second.watch.expectErrors(/status of 404/);
  await readWords(second, words);
  await second.press('I have joined already');
  // It may offer older payments too: it cannot know since when the identity is a member.
  await second.heading('Your payment');
  // The second asks for another address: the same claim again would be the same claim.
  await second.choose('Money');
  await second.choose('Where payments go');
  await second.page.getByLabel('To an address that I enter').check();
  await second.write('Your address', OWN_ADDRESS);
  await second.press('Use this address');
  await second.see('This is used from the next request on.');
  await second.press('Back');
  await second.press('Back');
  await reopen(first);
  await claim(first);
  const [paid] = claimsSent();

  second.watch.expectErrors(/status of 409/);
  await second.choose(/^Get /);
  // It is refused, and then seen to be paid: once, and to the address of the first.
  await second.see(/^(Not paid: refused|Paid)/);
  await second.choose(/^Payment of/);
  await second.choose('Check it yourself');
  await second.see('The chain shows this payment at another address than yours.');

  const replayed = await demo.submit(paid);
  expect(replayed.status < 300, `the same claim again is answered by ${replayed.status}`);
  const changed = await demo.submit({ ...paid, recipient: OWN_ADDRESS });
  expect(changed.status >= 400, 'the claim with another recipient is taken');
  const count = await demo.countPayments(paid.nullifierHash);
  expect(count === 1, `the claim is paid ${count} times`);
}

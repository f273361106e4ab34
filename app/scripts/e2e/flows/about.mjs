import { join } from '../steps.mjs';

export const title = 'a member finds all that the chain says about the own identity';

export async function run({ demo, chain, service, newPhone, expect }) {
  const phone = await newPhone();
  await join(phone, demo);
  const asked = [chain, service].map(({ seen }) => seen.length);
  await phone.press('All about me');
  await phone.see('You joined');
  await phone.see(/This identity is paid for the periods from/);
  await phone.shot('about');
  await phone.page.locator('summary').first().click();
  const facts = await phone.page.locator('dl').first().innerText();
  const { leafIndex } = await memberOf(phone);
  expect(facts.includes(`\n${leafIndex}\n`), `the place is not ${leafIndex}: ${facts}`);
  const { commitment } = await memberOf(phone);
  const since = [chain, service].flatMap(({ seen }, index) => seen.slice(asked[index]));
  expect(since.length > 0, 'nothing was asked');
  const told = since.some(({ url, body }) => `${url} ${body}`.includes(commitment.slice(2)));
  expect(!told, 'the commitment is named to an endpoint');
}

/** Returns the membership as the phone has stored it. */
async function memberOf(phone) {
  const text = await phone.stored();
  const [membership] = /\{"commitment":"0x[0-9a-f]{64}".*?\}/.exec(text);
  return JSON.parse(membership);
}

// A member loses the phone. On another one the person visits an orb as somebody new, is told that
// these eyes have joined before, recovers at the orb, and is paid from the next epoch on: not before
// the chain may be read, to which the answer was "not now" at first.

import { claim, join, makeIdentity, reopen } from '../steps.mjs';

export const title = 'a lost phone, and recovery at an orb';

export async function run({ demo, newPhone, nextEpoch }) {
  const person = demo.newPerson();
  const lost = await newPhone();
  await join(lost, { ...around(demo), enrolFromPicture: (it) => demo.enrolFromPicture(it, person) });
  const phone = await newPhone();
  await makeIdentity(phone, 'not-now');
  await showCode(phone, async () => phone.press('Visit an orb'));
  // The orb ends with the service's refusal, and the phone is told.
  await demo.enrolFromPicture(await phone.shot('code'), person).then(
    () => Promise.reject(new Error('somebody who is a member was admitted again')),
    () => undefined,
  );
  await phone.see('These eyes have joined before');
  await phone.press('I have lost my identity');
  await phone.heading('A new identity in place of a lost one');
  await phone.press('Show my code');
  await phone.page.getByRole('img', { name: /code/i }).waitFor();
  await demo.enrolFromPicture(await phone.shot('recovery-code'), person);
  await phone.see('You are in the list of members');
  await phone.press('Continue');
  await phone.heading('You are in');
  await nextEpoch();
  await reopen(phone);
  await phone.press('Get your payment');
  await phone.see('No request was made');
  await phone.shot('no-endpoint');
  await phone.press('Add an endpoint');
  await phone.see(new URL(demo.chain).href);
  phone.watch.allow(demo.chain);
  await phone.press('Use the suggested ones');
  await phone.see('Suggested by your services');
  await phone.press('Back');
  await claim(phone);
}

/** The demo as the steps use it. */
const around = ({ chain, service, files }) => ({ chain, service, files });

async function showCode(phone, open) {
  await open();
  await phone.press('Show my code');
  await phone.page.getByRole('img', { name: /code/i }).waitFor();
}

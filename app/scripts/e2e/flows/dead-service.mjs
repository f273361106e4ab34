import { claim, join, nameService, reopen } from '../steps.mjs';

export const title = 'the first service is dead: the second of the list takes the claim';

export async function run({ demo, service, newPhone, newProxy, nextEpoch, expect }) {
  const second = await newProxy();
  const phone = await newPhone();
  await join(phone, demo);
  await nameService(phone, second.address);
  // The files of the prover come with the first payment, and stay.
  await nextEpoch();
  await reopen(phone);
  await claim(phone);
  await nextEpoch();
  await reopen(phone);
  await phone.see('Get your payment');
  phone.watch.expectErrors(/Failed to load resource: net::ERR_/);
  const before = service.claims().length;
  await service.stop();
  await claim(phone, 2);
  expect(second.claims().length === 1, `the second service got ${second.claims().length} claims`);
  expect(service.claims().length === before, 'the dead service got a claim');
}

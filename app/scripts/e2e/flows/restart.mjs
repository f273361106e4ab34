import { CLAIMS, join, nameService, reopen, removeService, waitForPayments } from '../steps.mjs';

export const title = 'a service that is started anew in the middle of a claim: paid once';

export async function run({ demo, newPhone, newProxy, newService, nextEpoch, claimsSent, expect }) {
  const service = await newService();
  const way = await newProxy(service.address);
  const phone = await newPhone();
  await join(phone, demo);
  await nameService(phone, way.address);
  await removeService(phone, demo.service);
  await nextEpoch();
  await reopen(phone);
  phone.watch.expectErrors(/Failed to load resource: net::ERR_/);

  // Once before the claim is there, and once right after, before it is in a transaction.
  let restarts = 0;
  way.rules.push({
    method: 'POST',
    path: CLAIMS,
    reply: async () => {
      if (restarts > 0) return;
      restarts += 1;
      await service.stop('SIGTERM');
    },
    answer: async () => {
      if (restarts > 1) return;
      restarts += 1;
      await service.stop('SIGTERM');
      await service.start();
    },
  });
  await phone.press('Get your payment');
  await phone.see('Waiting on this phone to be sent');
  await service.start();
  await waitForPayments(phone, 1);
  expect(restarts === 2, `the service was started anew ${restarts} times`);
  const count = await demo.countPayments(claimsSent()[0].nullifierHash);
  expect(count === 1, `the claim is paid ${count} times`);
}

import { auditReceipt, save, signReceipt } from '../receipts.mjs';
import { claim, join, reopen, waitForPayments } from '../steps.mjs';

export const title = 'a kept receipt and a broken one are judged as the command line judges them';

const CLAIMS = /\/v1\/claims$/;
const PROMISE_SECS = 60;
const PAYMENT = /^Payment of /;

export async function run({ demo, newPhone, nextEpoch, expect }) {
  const phone = await newPhone();
  await join(phone, demo);
  await nextEpoch();
  await reopen(phone);
  await claim(phone);
  await reopen(phone);
  await openPayment(phone);
  await phone.see('You were paid within the time that the service promised.');
  const kept = await auditReceipt(demo, await save(phone, 'Save the receipt'));
  expect(kept.standing === 'kept' && kept.code === 0, `the saved receipt is ${kept.standing}`);
  await phone.press('Check it yourself');
  await phone.see('Receipt: PASS');
  await phone.see('Payment: PASS');
  await phone.shot('kept');

  // A receipt that another key signed is not kept, and the claim does not count as sent.
  await nextEpoch();
  const relay = new DroppingRelay(demo);
  await phone.context.route(CLAIMS, (route) => relay.answer(route));
  relay.isForger = true;
  await reopen(phone);
  await phone.press('Get your payment');
  await phone.page.getByRole('button', { name: PAYMENT }).nth(1).waitFor();
  await openPayment(phone);
  await phone.see('The service answered with a receipt that binds nobody');
  expect(!(await phone.sees('promised to pay')), 'a forged receipt is kept');
  await phone.shot('forged');

  // A relay that promises and drops the claim.
  relay.isForger = false;
  await phone.see('promised to pay');
  await demo.passTime(PROMISE_SECS + 1);
  await reopen(phone);
  await openPayment(phone);
  await phone.see('nothing on the chain shows a payment or a cause');
  await phone.shot('broken');
  const broken = await auditReceipt(demo, await save(phone, 'Save the receipt'));
  expect(broken.standing === 'broken' && broken.code === 1, `the receipt is ${broken.standing}`);
  await phone.press('Check it yourself');
  await phone.see('Receipt: FAIL');

  // The claim is paid by another relay: late for the promise.
  await phone.context.unroute(CLAIMS);
  await reopen(phone);
  await waitForPayments(phone, 2);
}

/** Opens the newest payment from the home page. */
async function openPayment(phone) {
  await phone.choose(PAYMENT);
}

/** Relay of the deployment that signs a promise for each claim and sends none on. */
class DroppingRelay {
  isForger = false;
  #receipts = new Map();

  constructor(demo) {
    this.demo = demo;
  }

  async answer(route) {
    const asked = route.request().postDataJSON();
    const receipt = await this.#receiptOf(asked);
    const { nullifierHash, epoch } = asked;
    const signature = `0x${'1'.repeat(128)}1b`;
    const json = {
      ...{ nullifierHash, epoch, status: 'queued' },
      receipt: this.isForger ? { ...receipt, signature } : receipt,
    };
    await route.fulfill({ status: 202, json });
  }

  async #receiptOf({ proof: _, ...terms }) {
    const { nullifierHash, epoch } = terms;
    if (!this.#receipts.has(nullifierHash)) {
      const { root, chainTime } = await this.demo.get('/v1/epochs/current');
      const times = { takenAt: chainTime, deadline: chainTime + PROMISE_SECS };
      const receipt = signReceipt(this.demo, { ...terms, epoch, root, ...times });
      this.#receipts.set(nullifierHash, receipt);
    }
    return this.#receipts.get(nullifierHash);
  }
}

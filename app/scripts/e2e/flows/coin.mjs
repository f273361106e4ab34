import { openMoney, waitUntilDone, writeReceiver } from '../money.mjs';
import { claim, join, openByPin, reopen } from '../steps.mjs';

export const title = 'a citizen sends coin; what the chain does not take is raised, or called off';

/** Blocks are stopped, so that transactions wait. */
export const isAlone = true;

const FRIEND = '0x00000000000000000000000000000000000f1a11';
const ONE_COIN = 10n ** 18n;
const SENT = 'in the coin of the chain';

export async function run(flow) {
  const { demo, newPhone, nextEpoch, claimsSent, atEnd } = flow;
  const phone = await newPhone();
  await join(phone, demo);
  await nextEpoch();
  await reopen(phone);
  await claim(phone);
  // Somebody has sent coin to the address of the payment.
  const account = claimsSent()[0].recipient;
  await demo.ask('anvil_setBalance', account, `0x${(10n * ONE_COIN).toString(16)}`);
  atEnd(() => demo.makeBlocks());
  await openMoney(phone);
  await writeTooMuch(phone);
  await raise(phone, account, flow);
  await inTwoTabs(phone, account, flow);
  await callOff(phone, account, false, flow);
  await callOff(phone, account, true, flow);
  await sendAll(phone, account, flow);
}

/** Writes amounts that cannot be sent. */
async function writeTooMuch(phone) {
  await askForCoin(phone);
  await phone.write('Amount in the coin of the chain', 'ten');
  await phone.press('Continue');
  await phone.see('This is not an amount');
  await phone.write('Amount in the coin of the chain', '10');
  await phone.press('Continue');
  await phone.see('your accounts can send at most 9.99');
  await phone.shot('too-much');
  await phone.press('Try again');
  await phone.press('Back');
}

/** Has a payment wait, and offers a higher price for it: it is paid once. */
async function raise(phone, account, { demo, chain, expect }) {
  await demo.stopBlocks();
  await send(phone, 1);
  const first = await waiting(demo, account);
  await openChange(phone, 'Offer a higher price');
  await phone.shot('raise');
  await phone.press('Offer it now');
  const second = await waiting(demo, account, first.hash);
  for (const price of ['maxFeePerGas', 'maxPriorityFeePerGas']) {
    const [before, after] = [first, second].map((it) => BigInt(it[price]));
    expect(8n * after >= 9n * before, `${price} rose from ${before} to ${after}`);
  }
  for (const same of ['nonce', 'value', 'to']) {
    expect(first[same] === second[same], `${same} is ${second[same]} and not ${first[same]}`);
  }
  await demo.ask('evm_mine');
  await demo.makeBlocks();
  await phone.see('nothing can change it any longer');
  const got = await coinOf(demo, FRIEND);
  expect(got === ONE_COIN, `the friend has ${got} and not one coin`);
  expect(rawsSent(chain).size === 2, `${rawsSent(chain).size} transactions were sent`);
  await phone.press('Back');
}

/** Changes one payment in two tabs at once: one of them signs. What it kept outlives both. */
async function inTwoTabs(phone, account, { demo, chain, expect }) {
  const friendHad = await coinOf(demo, FRIEND);
  await demo.stopBlocks();
  await send(phone, 1);
  const { hash } = await waiting(demo, account);
  const first = phone.inTab(phone.page);
  await phone.newTab();
  const second = phone.inTab(phone.page);
  await openByPin(second);
  await openMoney(second);
  await second.choose(SENT);
  await openChange(first, 'Offer a higher price');
  await openChange(second, 'Call it off');
  const before = rawsSent(chain).size;
  await Promise.all([first.press('Offer it now'), second.press('Call it off now')]);
  const changed = 'It has changed meanwhile, perhaps in another tab.';
  await Promise.race([first.see(changed), second.see(changed)]);
  await waiting(demo, account, hash);
  expect(rawsSent(chain).size === before + 1, 'two tabs have sent two transactions');
  await first.page.close();
  await reopen(phone);
  await demo.ask('evm_mine');
  await demo.makeBlocks();
  await openMoney(phone);
  await phone.choose(SENT);
  await phone.see(/nothing can change it any longer|An empty transaction has taken its place/);
  const wanted = (await phone.sees('An empty transaction has taken its place')) ? 0n : ONE_COIN;
  const got = (await coinOf(demo, FRIEND)) - friendHad;
  expect(got === wanted, `the friend got ${got} and not ${wanted}`);
  await phone.press('Back');
}

/** Calls a payment off: in time, and after an endpoint has kept the empty transaction back. */
async function callOff(phone, account, isTooLate, { demo, chain, expect }) {
  const friendHad = await coinOf(demo, FRIEND);
  await demo.stopBlocks();
  await send(phone, 2);
  const { hash } = await waiting(demo, account);
  if (isTooLate) chain.rules.push(keepBackOthers([...rawsSent(chain)].at(-1)));
  await openChange(phone, 'Call it off');
  await phone.press('Call it off now');
  await phone.see('Being called off');
  if (!isTooLate) await waiting(demo, account, hash);
  await demo.ask('evm_mine');
  await demo.makeBlocks();
  const outcome = isTooLate
    ? 'It was in the chain before it could be called off.'
    : 'An empty transaction has taken its place.';
  await phone.see(outcome);
  await phone.shot(isTooLate ? 'too-late' : 'called-off');
  chain.rules.splice(0, Infinity);
  const got = (await coinOf(demo, FRIEND)) - friendHad;
  const wanted = isTooLate ? 2n * ONE_COIN : 0n;
  expect(got === wanted, `the friend got ${got} and not ${wanted}`);
  await phone.press('Back');
}

/** Sends all of it: no more is left than the cost did not need. */
async function sendAll(phone, account, { demo, expect }) {
  await askForCoin(phone);
  await phone.press('Send all of it');
  await phone.heading('Is this right?');
  await phone.shot('all');
  await phone.press('Send now');
  await waitUntilDone(phone, demo);
  const left = await coinOf(demo, account);
  expect(left < ONE_COIN / 1_000n, `${left} is left`);
  const got = await coinOf(demo, FRIEND);
  expect(got > 9n * ONE_COIN && got < 10n * ONE_COIN, `the friend has ${got}`);
}

const coinOf = async (demo, account) => BigInt(await demo.ask('eth_getBalance', account, 'latest'));

async function askForCoin(phone) {
  await phone.press('Send the chain’s coin');
  await writeReceiver(phone, FRIEND);
  await phone.heading('How much?');
}

async function send(phone, coins) {
  await askForCoin(phone);
  await phone.write('Amount in the coin of the chain', String(coins));
  await phone.press('Continue');
  await phone.heading('Is this right?');
  await phone.press('Send now');
  await phone.see('On its way to the chain');
}

/** Opens the page of a change, and waits for what it costs. */
async function openChange(phone, name) {
  await phone.see('On its way to the chain');
  await phone.page.getByText('Does it take too long?').click();
  await phone.press(name);
  await phone.see('Cost offered so far, at most');
}

/** Waits until the chain knows a transaction of an account that is in no block, besides one. */
async function waiting(demo, account, besides) {
  for (let tries = 0; tries < 300; tries += 1) {
    const { pending } = await demo.ask('txpool_content');
    const [, own = {}] = Object.entries(pending).find(([it]) => it.toLowerCase() === account) ?? [];
    const found = Object.values(own).find(({ hash }) => hash !== besides);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no transaction of ${account} waits`);
}

const rawOf = ({ body }) => {
  if (!body.includes('eth_sendRawTransaction')) return [];
  return JSON.parse(body).params;
};

/** Returns the signed transactions that phones have sent to the chain. */
const rawsSent = ({ seen }) => new Set(seen.filter((it) => it.isOfBrowser).flatMap(rawOf));

/** Makes a rule of an endpoint that takes other transactions than one, and keeps them to itself. */
function keepBackOthers(raw) {
  const headers = { 'content-type': 'application/json', 'access-control-allow-origin': '*' };
  const taken = JSON.stringify({ jsonrpc: '2.0', id: 1, result: `0x${'0'.repeat(64)}` });
  const reply = ({ body }) => {
    const [sent] = rawOf({ body: body.toString() });
    return sent && sent !== raw ? { status: 200, headers, body: taken } : undefined;
  };
  return { method: 'POST', path: /./, reply };
}

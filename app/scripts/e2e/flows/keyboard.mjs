import { keyboardOf } from '../keyboard.mjs';
import { waitUntilDone } from '../money.mjs';
import { PIN, waitForPayments } from '../steps.mjs';

export const title = 'by keyboard alone through the whole app, with each step read out';

const FRIEND = '0x00000000000000000000000000000000000F1CE5';
const ONE_COIN = '0xde0b6b3a7640000';

export async function run(flow) {
  const { newPhone, nextEpoch, needNoEpoch, expect } = flow;
  const phone = await newPhone();
  const keys = keyboardOf(phone.page, expect);
  phone.watch.addPin(PIN);
  const words = await makeIdentity(phone, keys);
  await joinAndClaim(phone, keys, flow);
  needNoEpoch();
  await checkPayment(phone, keys);
  await lookAtMyself(phone, keys, expect);
  await useMoney(phone, keys, flow);
  await chooseSettings(phone, keys, flow);
  await beginCopy(phone, keys);
  await restore(await newPhone(), words, flow);
}

async function choosePin({ arrive, answer }) {
  for (const title of ['Choose a PIN', 'Enter the PIN again']) {
    await arrive(title);
    await answer('PIN', PIN);
  }
}

/** Goes from the welcome page to the question about the chain; returns the card's words. */
async function makeIdentity({ page, watch }, keys) {
  const { arrive, press, write } = keys;
  await arrive('An income for every person');
  await press('Make an identity');
  await choosePin(keys);
  await arrive('Make a recovery card');
  await press('Show the words');
  await arrive('Your recovery card');
  const list = page.getByRole('list', { name: 'Words of the card' });
  const words = (await list.innerText()).match(/[a-z]+/g);
  watch.addWords(words);
  await press('I have written them down');
  await arrive('Check your card');
  for (const label of await page.locator('label').allInnerTexts()) {
    await write(label, words[Number(label.match(/\d+/)[0]) - 1]);
  }
  await press('Check');
  await arrive('Check your service against the chain?');
  return words;
}

async function joinAndClaim(phone, keys, { demo, nextEpoch, expect }) {
  const { page } = phone;
  const { arrive, press, answer, back } = keys;
  phone.watch.allow(demo.chain);
  await press('Name another address');
  await arrive('Checking against the chain');
  await answer('Address of an endpoint', demo.chain);
  await phone.see(demo.chain);
  await back();
  await arrive('Your identity is on this phone');
  await press('Visit an orb');
  await arrive('Visit an orb');
  await press('Show my code');
  await arrive('Show this to the orb');
  await page.getByRole('img', { name: /code/i }).waitFor();
  await demo.enrolFromPicture(await phone.shot('code'));
  await phone.see('You are in the list of members');
  expect((await phone.spoken()).join(' ').includes('You are in the list of members'), 'the end of the visit is not read out');
  await press('Continue');
  await arrive('You are in');
  await nextEpoch();
  await page.reload();
  await arrive('Open your identity');
  await answer('PIN', PIN);
  await arrive('Your payment');
  await press('Get your payment');
  await waitForPayments(phone, 1);
  const spoken = (await phone.spoken()).join('\n');
  for (const text of ['Looking for you in the list', 'Proving that you are a member', 'Paid']) {
    expect(spoken.includes(text), `"${text}" is not read out; it was: ${spoken}`);
  }
}

async function checkPayment(phone, { arrive, press, back }) {
  await press('Payment of');
  await arrive(/^Payment of/);
  await press('Check it yourself');
  await arrive('Check it yourself');
  await phone.see('Payment: PASS');
  await back();
  await arrive(/^Payment of/);
  await back();
  await arrive('Your payment');
}

async function lookAtMyself(phone, { arrive, press, back }, expect) {
  await press('All about me');
  await arrive('All about me');
  await phone.see('You joined');
  await press('How do we know?');
  const isOpen = await phone.page.evaluate(() => document.activeElement.parentElement.open);
  expect(isOpen === true, 'the enter key opens no evidence');
  await back();
  await arrive('Your payment');
}

async function useMoney(phone, keys, { demo, expect }) {
  const { arrive, press, write, chooseNext, back } = keys;
  await press('Money');
  await arrive('Money');
  await phone.see('You were paid in all');
  await press('Where payments go');
  await arrive('Where payments go');
  await chooseNext('To a fresh address each time');
  await write('Your address', FRIEND);
  await press('Use this address');
  await phone.see('This is used from the next request on.');
  await chooseNext('To an address that I enter', 'ArrowUp');
  await phone.see('Address of the present payment');
  await back();
  await arrive('Money');

  const writeTransfer = async () => {
    await arrive('Send money');
    await write('Address of the receiver', FRIEND);
    await press('Continue');
    await arrive('How much?');
    await write('Amount in ', '0.001');
    await press('Continue');
  };
  await press('Send money');
  await writeTransfer();
  await arrive('Nothing was sent');
  const address = await phone.page.getByText(/^0x[0-9a-fA-F]{40}$/).first().innerText();
  await demo.ask('anvil_setBalance', address, ONE_COIN);
  await demo.ask('evm_mine');
  await press('Try again');
  await writeTransfer();
  await arrive('Is this right?');
  await press('Send now');
  await waitUntilDone(phone, demo);
  const spoken = (await phone.spoken()).join('\n');
  expect(/In the chain|Done/.test(spoken), `the end of the transfer is not read out; it was: ${spoken}`);
  await back();
  await arrive('Money');
  await back();
  await arrive('Your payment');
}

async function chooseSettings(phone, keys, { newProxy, expect }) {
  const { arrive, press, answer, chooseNext, back } = keys;
  const { page } = phone;
  const other = await newProxy();
  phone.watch.allow(other.address);
  await press('Settings');
  await arrive('Settings');
  await press('Services');
  await arrive('Services');
  await answer('Address of a service', other.address);
  await phone.see(other.address);
  await press(`Remove ${other.address}`);
  await page.getByText(other.address).waitFor({ state: 'detached' });
  await back();
  await arrive('Your payment');
  await press('Settings');
  await chooseNext('As on this phone');
  const theme = await page.evaluate(() => document.documentElement.dataset.theme);
  expect(theme === 'light', `the page is in ${theme}`);
  await press('Show the recovery card');
  await arrive('Show that it is you, to see the words');
  await answer('PIN', PIN);
  await arrive('Your recovery card');
  await back();
  await arrive('Your payment');
  await press('Settings');
  await press('Language');
  await arrive('Choose your language');
  await chooseNext('English');
  await phone.heading('Elige tu idioma');
  await chooseNext('Español', 'ArrowUp');
  await press('Continue');
  await arrive('Your payment');
}

async function beginCopy(phone, { arrive, press, back }) {
  await press('Settings');
  await press('Copy to another phone');
  await arrive('Copy to another phone');
  await back();
  await arrive('Your payment');
}

/** Brings the identity back on another phone. */
async function restore(phone, words, { expect }) {
  const keys = keyboardOf(phone.page, expect);
  phone.watch.addWords(words);
  phone.watch.addPin(PIN);
  await keys.arrive('An income for every person');
  await keys.press('I have a recovery card');
  await keys.arrive('Type the words of your card');
  await keys.write('Words', words.join(' '));
  await keys.press('Continue');
  await choosePin(keys);
  await keys.arrive('Check your service against the chain?');
  await keys.press('Not now');
  await keys.arrive('Your identity is on this phone');
}

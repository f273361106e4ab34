// Steps of a citizen, in the English texts of the app. Each begins where the one before ends.

export { CLAIMS } from './phone.mjs';

/** Time between two returns of the network while a flow waits for a payment. */
const LOOK_EVERY_MS = 3_000;

/** PIN of every identity that the steps make. */
export const PIN = '271828';

/** Writes a new PIN twice. */
export async function choosePin(phone, pin = PIN) {
  phone.watch.addPin(pin);
  for (const title of ['Choose a PIN', 'Enter the PIN again']) {
    await phone.heading(title);
    await phone.write('PIN', pin);
    await phone.press('Continue');
  }
}

/** Reads the words of the card that is shown. */
export async function readCard(phone) {
  await phone.heading('Your recovery card');
  const list = phone.page.getByRole('list', { name: 'Words of the card' });
  const words = (await list.innerText()).match(/[a-z]+/g);
  phone.watch.addWords(words);
  return words;
}

/**
 * Goes from the welcome page to the home page with an identity; returns the card's words. `answer`
 * is `yes` or `not-now`: may the chain be read through the endpoint that the service recommends?
 */
export async function makeIdentity(phone, answer = 'yes') {
  await phone.heading('An income for every person');
  await phone.press('Make an identity');
  await choosePin(phone);
  if (phone.hasAuthenticator) {
    await phone.heading('Open with your fingerprint or face?');
    await phone.press('Set it up');
  }
  await phone.heading('Make a recovery card');
  await phone.press('Show the words');
  const words = await readCard(phone);
  await phone.press('I have written them down');
  await checkCard(phone, words);
  await answerQuestion(phone, answer);
  await phone.see('Your recovery card is checked');
  return words;
}

/**
 * Answers the question about the endpoint that the phone's service recommends. Before a yes the watch
 * objects to every request to it.
 */
export async function answerQuestion(phone, answer = 'yes') {
  if (!phone.recommended) return;
  await phone.heading('Check your service against the chain?');
  await phone.see(new URL(phone.recommended).href);
  await phone.shot('question');
  if (answer === 'yes') phone.watch.allow(phone.recommended);
  await phone.choose(answer === 'yes' ? /^Yes, read the chain through/ : 'Not now');
}

/** Answers the questions about the words of the card. */
async function checkCard(phone, words) {
  await phone.heading('Check your card');
  for (const label of await phone.page.locator('label').allInnerTexts()) {
    await phone.write(label, words[Number(label.match(/\d+/)[0]) - 1]);
  }
  await phone.press('Check');
}

/** Goes from the welcome page to the home page with the identity of a card. */
export async function readWords(phone, words) {
  await phone.heading('An income for every person');
  await phone.press('I have a recovery card');
  await phone.heading('Type the words of your card');
  phone.watch.addWords(words);
  await phone.write('Words', words.join(' '));
  await phone.press('Continue');
  await choosePin(phone);
  if (phone.hasAuthenticator) {
    await phone.heading('Open with your fingerprint or face?');
    await phone.press('Not now');
  }
  await answerQuestion(phone);
  await phone.heading('Your identity is on this phone');
}

/** Names an endpoint in the settings, from the home page and back to it. */
export async function nameEndpoint(phone, address) {
  phone.watch.allow(address);
  await phone.choose('Settings');
  await phone.choose('Checking against the chain');
  await phone.write('Address of an endpoint', address);
  await phone.press('Add');
  await phone.see(address);
  await phone.press('Back');
}

/** Names a further service in the settings, from the home page and back to it. */
export async function nameService(phone, address) {
  phone.watch.allow(address);
  await phone.choose('Settings');
  await phone.choose('Services');
  await phone.write('Address of a service', address);
  await phone.press('Add');
  await phone.see(address);
  await phone.press('Back');
}

/** Takes a service off the list in the settings, from the home page and back to it. */
export async function removeService(phone, address) {
  await phone.choose('Settings');
  await phone.choose('Services');
  const button = new RegExp(`^Remove .*${new URL(address).host}`);
  await phone.page.getByRole('button', { name: button }).click();
  await phone.press('Back');
}

/** Shows a code, has the orb read it from a screenshot, and waits for the entry into the list. */
export async function visitOrb(phone, demo) {
  await phone.press('Visit an orb');
  await phone.press('Show my code');
  await phone.page.getByRole('img', { name: /code/i }).waitFor();
  await demo.enrolFromPicture(await phone.shot('code'));
  await phone.see('You are in the list of members');
  await phone.press('Continue');
  await phone.heading('You are in');
}

/** Opens the identity after its page was loaded anew. */
export async function openByPin(phone, pin = PIN) {
  await phone.heading('Open your identity');
  await phone.write('PIN', pin);
  await phone.press('Open');
}

/** Loads the page anew and opens the identity. */
export async function reopen(phone, pin = PIN) {
  await phone.page.reload();
  await openByPin(phone, pin);
}

/** Presses the button for one payment and waits until the chain has `count` of this device. */
export async function claim(phone, count = 1, how = {}) {
  await phone.press('Get your payment');
  await waitForPayments(phone, count, how);
}

/**
 * Waits until the home page shows `count` payments as paid. The app looks four times a minute, and at
 * once when the network returns: unless the wait is to be patient, it returns every few seconds.
 */
export async function waitForPayments(phone, count, { isPatient = false } = {}) {
  const { page } = phone;
  const look = () => page.evaluate(() => void dispatchEvent(new Event('online'))).catch(() => undefined);
  const timer = isPatient ? undefined : setInterval(look, LOOK_EVERY_MS);
  try {
    await page.getByText(/^Paid( a moment ago)?$/).nth(count - 1).waitFor();
  } finally {
    clearInterval(timer);
  }
}

/** Sees that the chain is read through an endpoint which the service recommends, after the yes. */
export async function seeRecommended(phone, address) {
  await phone.choose('Settings');
  await phone.choose('Checking against the chain');
  await phone.see('Suggested by your services');
  await phone.see(new URL(address).href);
  await phone.press('Back');
}

/** Makes a member: identity, endpoint, visit. Returns the words of the card. */
export async function join(phone, demo) {
  const words = await makeIdentity(phone);
  await seeRecommended(phone, demo.chain);
  await visitOrb(phone, demo);
  return words;
}

import { PIN, waitForPayments } from '../steps.mjs';

export const title = 'by keyboard alone from welcome to claim, with each step read out';

/** Most presses of the tab key to anything on a page. */
const MOST_TABS = 40;

export async function run({ demo, newPhone, nextEpoch, expect }) {
  const phone = await newPhone();
  const { page } = phone;
  const { keyboard } = page;

  /** Waits for a page, to whose heading the focus must have moved. */
  const arrive = async (title) => {
    await phone.heading(title);
    const focused = await page.evaluate(() => document.activeElement.textContent);
    expect(focused === title, `on "${title}" the focus is at "${focused.slice(0, 40)}"`);
  };
  /** Goes on by the tab key to a control of a name that begins so. */
  const tabTo = async (name) => {
    for (let tabs = 0; tabs < MOST_TABS; tabs += 1) {
      await keyboard.press('Tab');
      const { text, isVisible } = await page.evaluate(() => {
        const { activeElement: it } = document;
        const label = it.labels?.[0] ?? it;
        const { outlineStyle, outlineWidth } = getComputedStyle(it);
        return {
          text: label.textContent.trim(),
          isVisible: outlineStyle !== 'none' && outlineWidth !== '0px',
        };
      });
      if (!text.startsWith(name)) continue;
      expect(isVisible, `nothing shows that "${name}" has the focus`);
      return;
    }
    throw new Error(`the tab key does not come to "${name}"`);
  };
  const press = async (name) => {
    await tabTo(name);
    await keyboard.press('Enter');
  };
  const write = async (label, text) => {
    await tabTo(label);
    await keyboard.type(text);
    await keyboard.press('Enter');
  };

  phone.watch.addPin(PIN);
  await arrive('An income for every person');
  await press('Make an identity');
  for (const title of ['Choose a PIN', 'Enter the PIN again']) {
    await arrive(title);
    await write('PIN', PIN);
  }
  await arrive('Make a recovery card');
  await press('Show the words');
  await arrive('Your recovery card');
  const list = page.getByRole('list', { name: 'Words of the card' });
  const words = (await list.innerText()).match(/[a-z]+/g);
  phone.watch.addWords(words);
  await press('I have written them down');
  await arrive('Check your card');
  const labels = await page.locator('label').allInnerTexts();
  for (const label of labels) {
    await tabTo(label);
    await keyboard.type(words[Number(label.match(/\d+/)[0]) - 1]);
  }
  await press('Check');
  await arrive('Check your service against the chain?');
  phone.watch.allow(demo.chain);
  await press('Name another address');
  await arrive('Checking against the chain');
  await write('Address of an endpoint', demo.chain);
  await phone.see(demo.chain);
  await page.evaluate(() => document.querySelector('h1').focus());
  await keyboard.press('Shift+Tab');
  await keyboard.press('Enter');
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
  await write('PIN', PIN);
  await arrive('Your payment');
  await press('Get your payment');
  await waitForPayments(phone, 1);
  const spoken = (await phone.spoken()).join('\n');
  for (const text of ['Looking for you in the list', 'Proving that you are a member', 'Paid']) {
    expect(spoken.includes(text), `"${text}" is not read out; it was: ${spoken}`);
  }
}

import { openMoney } from '../money.mjs';
import { join, openByPin, PIN, reopen } from '../steps.mjs';

export const title = 'each part of the app that does not come is named, and comes at the next try';

export async function run({ demo, service, newPhone, expect }) {
  // No file comes out of the browser's cache.
  service.rules.push({ method: 'GET', path: /^\/assets\//, answer: uncached });
  const phone = await newPhone({ hasServiceWorker: false });
  await join(phone, demo);
  phone.watch.expectErrors(/status of 404|Failed to fetch dynamically imported module/);

  // The pages of an opened identity.
  const inside = lose(service, 'Inside');
  await reopen(phone);
  await phone.see('This part of the app could not be loaded. Nothing is lost');
  expect(!(await phone.sees('proof')), 'the page speaks of the proof');
  await phone.shot('pages');
  inside.find();
  await phone.press('Try again');
  await openByPin(phone);
  await phone.heading('You are in');

  // The code that signs, on the page of the money alone.
  const signing = lose(service, 'signing');
  await reopen(phone);
  await openMoney(phone);
  await phone.choose('Take a key to another wallet');
  await phone.write('PIN', PIN);
  await phone.press('Show the key');
  await phone.see('The part of the app that signs transactions could not be loaded.');
  await phone.shot('signing');
  signing.find();
  await reopen(phone);

  // A language, which leaves the page in the one that it had.
  const spanish = lose(service, 'es');
  await phone.choose('Settings');
  await phone.choose('Language');
  await phone.page.getByLabel('Español').click();
  await phone.see('This language could not be loaded.');
  await phone.shot('language');
  spanish.find();

  // The app itself: the page has a sentence in each language, and a link.
  const app = lose(service, 'main');
  await phone.page.reload();
  await phone.see('The app did not start. Check your connection.');
  await phone.shot('app');
  app.find();
  await phone.page.getByRole('link', { name: 'Try again' }).click();
  await openByPin(phone);
  await phone.heading('You are in');
}

const uncached = (_, { headers }) => ({ headers: { ...headers, 'cache-control': 'no-store' } });

/** Has the files of a chunk be missing until they are found again. */
function lose(service, name) {
  const headers = { 'content-type': 'text/plain', 'cache-control': 'no-store' };
  const reply = () => ({ status: 404, headers, body: '' });
  const rule = { method: 'GET', path: new RegExp(`/assets/${name}-[^/]*\\.js$`), reply };
  service.rules.push(rule);
  return { find: () => service.rules.splice(service.rules.indexOf(rule), 1) };
}

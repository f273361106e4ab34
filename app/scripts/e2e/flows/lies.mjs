import { changed } from '../proxy.mjs';
import { addLeaf, rootsOf } from '../tree.mjs';
import { join, openByPin, reopen } from '../steps.mjs';

export const title = 'a service that lies about root, tiles, amount, time and contracts gets no proof';

const CURRENT = /^\/v1\/epochs\/current$/;
const CONFIG = /^\/v1\/config$/;
const LEAVES = /^\/v1\/tree\/\d+\/0\/0$/;
const TILE = /^\/v1\/tree\/\d+\/([0-3])\/0$/;
const OTHER_ADDRESS = `0x${'1'.repeat(40)}`;
const OTHER_WORD = `0x${'1'.repeat(64)}`;
const get = (path, answer) => ({ method: 'GET', path, answer });

export async function run({ demo, service, newPhone, nextEpoch, expect }) {
  const phone = await newPhone();
  await join(phone, demo);
  const { token } = await demo.get('/v1/config');
  await nextEpoch();

  // Tiles of one lie must not come out of the browser's cache in the next.
  const uncached = get(TILE, (_, { headers }) => ({
    headers: { ...headers, 'cache-control': 'no-store' },
  }));
  const isRefused = async (lie, rules, sentence) => {
    service.rules.splice(0, Infinity, uncached, ...rules);
    await reopen(phone);
    await phone.press('Get your payment');
    await phone.see(sentence);
    await phone.shot(lie);
    const sent = service.claims().length;
    expect(sent === 0, `a claim was sent after a lie about ${lie}`);
  };
  // A member of whom the chain knows nothing, so that the way leads to another root.
  const otherTile = get(LEAVES, (_, { body }) => ({ body: addLeaf(body) }));
  const otherList = 'The service gave a list of members that is not the chain’s.';
  await isRefused('tiles', [otherTile], otherList);
  await phone.choose('Check it yourself');
  await phone.see('Your place in the list: FAIL');
  await phone.shot('other-list');

  // A list of the service's own, with which its root agrees: it could mark one person's claim.
  const { epoch, memberCount } = await demo.get('/v1/epochs/current');
  const leaves = await fetch(new URL(`/v1/tree/${epoch}/0/0`, demo.service));
  expect(leaves.ok, `the leaves are answered by ${leaves.status}`);
  expect(memberCount < 256, 'the lie is made for a list of one tile');
  const { tiles, root } = rootsOf(addLeaf(Buffer.from(await leaves.arrayBuffer())));
  const ownTiles = get(TILE, ({ url }) => ({ body: tiles[Number(TILE.exec(url)[1])] }));
  const ownRoot = get(CURRENT, changed((it) => ({ ...it, root, memberCount: memberCount + 1 })));
  await isRefused('root and tiles', [ownTiles, ownRoot], otherList);

  service.rules.splice(0, Infinity, get(CURRENT, changed((it) => ({ ...it, root: OTHER_WORD }))));
  await reopen(phone);
  await phone.see('The service tells another list of members than the chain.');

  // Of the present, the chain alone is believed.
  const later = (secs) => (it) => ({
    ...it,
    epoch: it.epoch + 1,
    chainTime: it.chainTime + secs,
    startsAt: it.startsAt + secs,
    endsAt: it.endsAt + secs,
    amount: '123456789000000000000000000',
  });
  const { endsAt } = await demo.get('/v1/epochs/current');
  service.rules.splice(0, Infinity, get(CURRENT, changed(later(86_400))));
  await reopen(phone);
  await phone.see('Get your payment');
  expect(!(await phone.sees('123,456,789')), 'the amount is the one of the service');
  const told = await phone.page.getByText(/^The next payment opens on/).innerText();
  const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full' }).format(1_000 * endsAt);
  expect(told.replaceAll('\u00a0', ' ').includes(day), `the next payment is told as the service does: ${told}`);

  // Contracts that make no sense together, and such as could be another Annona's.
  for (const [distributor, sentence] of [
    [token, 'This address says things about Annona that make no sense'],
    [OTHER_ADDRESS, 'Refused: this address names another Annona'],
  ]) {
    service.rules.splice(0, Infinity, get(CONFIG, changed((it) => ({ ...it, distributor }))));
    await phone.page.reload();
    await openByPin(phone);
    await phone.see('Get your payment');
    await phone.choose('Settings');
    await phone.choose('Services');
    await phone.see(sentence);
    await phone.shot('other deployment');
  }
  expect(service.claims().length === 0, 'a claim was sent after a lie about contracts');
}

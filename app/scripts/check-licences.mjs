// Fails if a package that ships has a licence other than MIT, Apache-2.0, ISC or BSD.

import { readFileSync } from 'node:fs';

const ALLOWED = ['MIT', 'Apache-2.0', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD'];
const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'));

const shipped = Object.entries(lock.packages).filter(([path, it]) => path !== '' && !it.dev);
const refused = shipped.filter(([, it]) => {
  const choices = (it.license ?? '').replace(/[()]/g, '').split(' OR ');
  return !choices.some((licence) => ALLOWED.includes(licence.trim()));
});
for (const [path, it] of refused) console.error(`${path}: ${it.license ?? 'no licence'}`);
console.log(`licences: ${shipped.length} packages ship, ${refused.length} refused`);
process.exit(refused.length === 0 ? 0 : 1);

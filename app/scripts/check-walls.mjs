// Fails with every import and every name that the rules of `walls.mjs` forbid.

import { sources } from './sources.mjs';
import { objections } from './walls.mjs';

const found = sources().flatMap(objections);
for (const line of found) console.error(line);
console.log(`walls: ${found.length} objections`);
process.exit(found.length === 0 ? 0 : 1);

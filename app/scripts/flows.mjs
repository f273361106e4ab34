// Goes the ways of citizens (`e2e/flows`, one file each) through the built app, in Chromium at the
// size of a phone, with the real service, contracts, orb simulator and proofs of a demo. Flows
// share demo and epochs: each waits at `nextEpoch` until all others are there. A flow that stops the
// chain's blocks exports `isAlone`, and no other runs beside it. Fails where a flow
// says so, on an error in a page, on a request to a host that nobody named, and where a secret is
// stored, sent, or written to the console.
//
// `node scripts/flows.mjs ANNONA [NAMES]`: the program, with `dist` built, and the beginnings of
// the names of flows. KEEP=1 leaves the screenshots of flows that hold.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startBrowser } from './browser.mjs';
import { startDemo } from './e2e/demo.mjs';
import { Flow } from './e2e/flow.mjs';
import { Rounds } from './e2e/rounds.mjs';

/** Flows that run beside each other: more would make one wait for the other's processor time. */
const TOGETHER = 6;

const [program, ...wanted] = process.argv.slice(2);
if (!program) {
  console.error('usage: node scripts/flows.mjs ANNONA [NAMES]');
  process.exit(2);
}
const names = readdirSync(new URL('e2e/flows', import.meta.url))
  .map((file) => file.replace(/\.mjs$/, ''))
  .filter((name) => wanted.length === 0 || wanted.some((word) => name.startsWith(word)));
const folder = mkdtempSync(join(tmpdir(), 'annona-flows-'));
const began = performance.now();
const secsSince = (start) => ((performance.now() - start) / 1_000).toFixed(0);

const demo = await startDemo(program);
console.log(`flows: the demo runs after ${secsSince(began)} s`);
const browser = await startBrowser();
let faults = 0;

/** Runs a flow, with phones of its own, and says what became of it. */
async function runFlow(name, rounds) {
  const start = performance.now();
  const { title, run } = await import(`./e2e/flows/${name}.mjs`);
  const flow = new Flow({ demo, browser, folder: join(folder, name), rounds });
  await flow.go(run);
  faults += flow.found.length;
  const outcome = flow.found.length === 0 ? 'well' : 'FAULT';
  console.log(`flows: ${name}: ${title}: ${outcome}, ${secsSince(start)} s`);
  for (const text of flow.found) console.error(`  ${name}: ${text}`);
}

/** Returns groups of flows that run beside each other; one that stops the chain runs alone. */
async function groups() {
  const alone = [];
  const together = [];
  for (const name of names) {
    const { isAlone } = await import(`./e2e/flows/${name}.mjs`);
    if (isAlone) alone.push([name]);
    else if ((together.at(-1)?.length ?? TOGETHER) < TOGETHER) together.at(-1).push(name);
    else together.push([name]);
  }
  return [...together, ...alone];
}

for (const group of await groups()) {
  const rounds = new Rounds(() => demo.nextEpoch());
  rounds.enter(group.length);
  await Promise.all(group.map((name) => runFlow(name, rounds)));
}
await browser.close();
await demo.stop();
if (faults === 0 && !process.env.KEEP) rmSync(folder, { recursive: true });
else console.error(`screenshots: ${folder}`);
console.log(`flows: ${names.length} flows, ${faults} faults, ${secsSince(began)} s`);
process.exit(faults === 0 && names.length > 0 ? 0 : 1);

// Measures claim proofs in Chromium: the module of `crates/wasm` in one worker and in two, cold
// and warm, and snarkjs in the same run on the same statement and key. snarkjs is a peer of the
// measurement; the app has no part of it.
//
// `node scripts/bench.mjs FOLDER CLAIMS [--json]`, run by `cargo xtask bench wasm`: the folder has
// the files that `annona-peers snarkjs` writes.

import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { startBrowser } from './browser.mjs';
import { ROOT } from './sources.mjs';

const [folder, count, form] = process.argv.slice(2);
const repository = join(ROOT, '..');
const FILES = {
  '/': ['text/html', Buffer.from('<!doctype html><title>bench</title>')],
  '/worker.js': ['text/javascript', Buffer.from(worker())],
  '/module.wasm': ['application/wasm', file(ROOT, 'src/wallet/generated/annona.wasm')],
  '/prover': ['application/octet-stream', file(repository, 'crates/prover/keys/semaphore_30.prover')],
  '/witness': [
    'application/octet-stream',
    file(repository, 'crates/prover/keys/semaphore_30.witness'),
  ],
  '/claim.bin': ['application/octet-stream', file(folder, 'claim.bin')],
  '/claim.wtns': ['application/octet-stream', file(folder, 'claim.wtns')],
  '/semaphore.zkey': ['application/octet-stream', file(folder, 'semaphore.zkey')],
  '/snarkjs.js': [
    'text/javascript',
    file(repository, 'crates/keys/tests/js/node_modules/snarkjs/build/snarkjs.min.js'),
  ],
};

function file(...parts) {
  return readFileSync(join(...parts));
}

/** Source of a worker that proves, alone or beside a helper which is the same worker. */
function worker() {
  return `(${async () => {
    const bytes = async (name) => new Uint8Array(await (await fetch(name)).arrayBuffer());
    const [code, prover, witness, claim] = await Promise.all(
      ['/module.wasm', '/prover', '/witness', '/claim.bin'].map(bytes),
    );
    const { instance } = await WebAssembly.instantiate(code, {});
    const wasm = instance.exports;
    const call = (number, ...parts) => {
      const length = parts.reduce((sum, part) => sum + part.length, 0);
      let place = wasm.annona_request(length) >>> 0;
      for (const part of parts) {
        new Uint8Array(wasm.memory.buffer, place, part.length).set(part);
        place += part.length;
      }
      const refusal = wasm.annona_call(number);
      if (refusal !== 0) throw new Error(`call ${number} was refused: ${refusal}`);
      const answer = wasm.annona_answer() >>> 0;
      return new Uint8Array(wasm.memory.buffer, answer, wasm.annona_answer_length()).slice();
    };
    const measured = (part) => {
      const length = new Uint8Array(4);
      new DataView(length.buffer).setUint32(0, part.length);
      return [length, part];
    };
    call(3, ...measured(prover), witness);
    let helper;
    const answers = [];
    self.onmessage = async ({ data }) => {
      if (data.kind === 'sums') return self.postMessage({ kind: 'sums', sums: call(6, data.share) });
      if (data.kind === 'helper') {
        helper = new Worker('/worker.js');
        helper.onmessage = ({ data: answer }) =>
          answer.kind === 'ready' ? self.postMessage({ kind: 'ready' }) : answers.shift()(answer.sums);
        return undefined;
      }
      const argument = claim.slice();
      crypto.getRandomValues(argument.subarray(argument.length - 33, argument.length - 1));
      argument[argument.length - 1] = helper ? 2 : 1;
      call(4, argument);
      const theirs =
        helper &&
        new Promise((resolve) => {
          answers.push(resolve);
          helper.postMessage({ kind: 'sums', share: call(5, new Uint8Array([1])) });
        });
      const sums = [call(6, call(5, new Uint8Array([0])))];
      if (theirs) sums.push(await theirs);
      const proof = call(7, ...sums.flatMap(measured));
      return self.postMessage({ kind: 'proof', proof, memory: wasm.memory.buffer.byteLength });
    };
    self.postMessage({ kind: 'ready' });
  }})()`;
}

/** Runs in the page: returns the figures, all times in milliseconds. */
async function measure(claims) {
  const median = (times) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
  const answer = (port, message) =>
    new Promise((resolve, reject) => {
      port.onmessage = ({ data }) => resolve(data);
      port.onerror = (event) => reject(new Error(event.message));
      if (message) port.postMessage(message);
    });
  const timed = async (work) => {
    const begun = performance.now();
    const result = await work();
    return [performance.now() - begun, result];
  };
  // Once, so that the files are in the browser's cache and its code cache knows the module.
  const first = new Worker('/worker.js');
  await answer(first);
  await answer(first, { kind: 'prove' });
  first.terminate();

  let one;
  let proof;
  const [cold] = await timed(async () => {
    one = new Worker('/worker.js');
    await answer(one);
    proof = await answer(one, { kind: 'prove' });
  });
  const prove = async () => {
    const [time, made] = await timed(() => answer(one, { kind: 'prove' }));
    proof = made;
    return time;
  };

  const { snarkjs } = window;
  const [zkey, wtns] = await Promise.all(
    ['/semaphore.zkey', '/claim.wtns'].map(
      async (name) => new Uint8Array(await (await fetch(name)).arrayBuffer()),
    ),
  );
  // In turn, so that both meet the same machine.
  const alone = { ours: [], theirs: [] };
  await prove();
  let theirs = await snarkjs.groth16.prove(zkey, wtns, undefined, { singleThread: true });
  for (let round = 0; round < claims; round += 1) {
    alone.ours.push(await prove());
    const [time, made] = await timed(() =>
      snarkjs.groth16.prove(zkey, wtns, undefined, { singleThread: true }),
    );
    alone.theirs.push(time);
    theirs = made;
  }
  const memory = proof.memory;
  await answer(one, { kind: 'helper' });
  await prove();
  const two = [];
  for (let round = 0; round < claims; round += 1) two.push(await prove());

  const key = await snarkjs.zKey.exportVerificationKey(zkey);
  const numbers = Array.from({ length: 9 }, (_, place) =>
    BigInt(
      `0x${Array.from(proof.proof.slice(32 * place, 32 * (place + 1)), (byte) => byte.toString(16).padStart(2, '0')).join('')}`,
    ).toString(),
  );
  const [, ax, ay, bx1, bx0, by1, by0, cx, cy] = numbers;
  const ours = {
    protocol: 'groth16',
    curve: 'bn128',
    pi_a: [ax, ay, '1'],
    pi_b: [[bx0, bx1], [by0, by1], ['1', '0']],
    pi_c: [cx, cy, '1'],
  };
  const { publicSignals } = theirs;
  const areValid = [
    await snarkjs.groth16.verify(key, publicSignals, ours),
    await snarkjs.groth16.verify(key, publicSignals, theirs.proof),
  ];
  return {
    coldMillis: cold,
    oneWorkerMillis: median(alone.ours),
    twoWorkersMillis: median(two),
    snarkjsMillis: median(alone.theirs),
    ratio: median(alone.ours) / median(alone.theirs),
    memoryMegabytes: memory / 1e6,
    areValid,
  };
}

const server = createServer((request, response) => {
  const [type, body] = FILES[request.url] ?? [];
  if (!body) return response.writeHead(404).end();
  response.writeHead(200, { 'content-type': type, 'cache-control': 'max-age=3600' });
  return response.end(body);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const browser = await startBrowser();
const page = await browser.newPage();
await page.goto(`http://127.0.0.1:${server.address().port}/`);
await page.addScriptTag({ url: '/snarkjs.js' });
const figures = await page.evaluate(measure, Number(count));
const version = browser.version();
await browser.close();
server.close();
if (!figures.areValid.every(Boolean)) {
  console.error(`a proof does not verify (module, snarkjs): ${figures.areValid}`);
  process.exit(1);
}
if (form === '--json') {
  console.log(JSON.stringify({ ...figures, claims: Number(count), chromium: version }, null, 2));
} else {
  const millis = (time) => `${Math.round(time)} ms`;
  console.log(`median of ${count} claims in Chromium ${version}, both proofs verified`);
  console.log(`one worker, warm    ${millis(figures.oneWorkerMillis)}`);
  console.log(`two workers, warm   ${millis(figures.twoWorkersMillis)}`);
  console.log(`one worker, cold    ${millis(figures.coldMillis)} (files cached)`);
  console.log(`snarkjs, one thread ${millis(figures.snarkjsMillis)}`);
  console.log(`one worker takes ${figures.ratio.toFixed(2)} times as long as snarkjs`);
  console.log(`memory of a worker  ${figures.memoryMegabytes.toFixed(0)} MB`);
}
process.exit(0);

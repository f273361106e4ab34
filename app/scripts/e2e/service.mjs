// A service of its own for the chain of a demo: another operator's, with another relay and an
// empty database, that reads the list of members from the chain.

import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Key of an account that every development chain fills, and that no part of a demo uses. */
const RELAY_KEY = '0x2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6';

let started = 0;

/** Starts a service and waits until it is ready. `changes` are pairs for its configuration. */
export async function startService(demo, { changes = [] } = {}) {
  started += 1;
  const name = `service-${started}`;
  const owner = { mode: 0o600 };
  writeFileSync(join(demo.files, `${name}.key`), `${RELAY_KEY}\n`, owner);
  let config = readFileSync(join(demo.files, 'annona.toml'), 'utf8');
  for (const [from, to] of [
    ['"annona.sqlite"', `"${name}.sqlite"`],
    ['"relay.key"', `"${name}.key"`],
    ...changes,
  ]) {
    if (!config.includes(from)) throw new Error(`the configuration has no ${from}`);
    config = config.replace(from, to);
  }
  const path = join(demo.files, `${name}.toml`);
  writeFileSync(path, config, owner);
  const service = new OwnService(demo.program, path);
  await service.start();
  return service;
}

class OwnService {
  #process;
  /** End of what was asked for last: a start and a stop do not come between each other. */
  #last = Promise.resolve();

  constructor(program, path) {
    this.program = program;
    this.path = path;
  }

  /** Starts the process, at the same address as before where it ran before. One that runs stays. */
  start() {
    return this.#inTurn(() => this.#start());
  }

  /** Ends the process by a signal, and waits for its end. */
  stop(signal = 'SIGTERM') {
    return this.#inTurn(() => this.#stop(signal));
  }

  #inTurn(work) {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  #isRunning() {
    const child = this.#process;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  async #start() {
    if (this.#isRunning()) return;
    const child = spawn(this.program, ['serve', '--config', this.path], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    let text = '';
    this.address = await new Promise((resolve, reject) => {
      child.on('close', () => reject(new Error(`the service ended:\n${text}`)));
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (part) => {
          text += part;
          const line = /^listening on (\S+)$/m.exec(text);
          if (line) resolve(line[1]);
        });
      }
    });
    const listen = `listen = "${new URL(this.address).host}"`;
    const config = readFileSync(this.path, 'utf8');
    writeFileSync(this.path, config.replace(/^listen = .*$/m, listen));
    for (let tries = 0; tries < 600; tries += 1) {
      const answer = await fetch(new URL('/readyz', this.address)).catch(() => undefined);
      if (answer?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`the service did not become ready:\n${text}`);
  }

  async #stop(signal) {
    if (!this.#isRunning()) return;
    const child = this.#process;
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill(signal);
    await ended;
  }
}

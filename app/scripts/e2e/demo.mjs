// A running `annona demo --empty`: a chain, the contracts, the service with the app, and an orb.

import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { ROOT } from '../sources.mjs';

/** Simulated people who stand before the orb, each once. */
let nextPerson = 4_711;

/** Starts a demo and waits until everything keeps running. */
export async function startDemo(program) {
  const words = ['demo', '--empty', '--app', join(ROOT, 'dist')];
  const process = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  const places = await new Promise((resolve, reject) => {
    process.on('close', () => reject(new Error(`the demo ended:\n${text}`)));
    for (const stream of [process.stdout, process.stderr]) {
      stream.on('data', (part) => {
        text += part;
        const line = /^service (\S+) {3}chain (\S+) {3}files (\S+)$/m.exec(text);
        if (line) resolve({ service: line[1], chain: line[2], files: line[3] });
      });
    }
  });
  return new Demo(program, process, places);
}

export class Demo {
  constructor(program, process, { service, chain, files }) {
    this.program = program;
    this.process = process;
    /** Address of the service, without a slash at its end. */
    this.service = service;
    /** Address of the chain's RPC endpoint. */
    this.chain = chain;
    /** Folder with `deployment.json`, `orb.key`, `annona.toml` and the service's files. */
    this.files = files;
  }

  /** Returns the same demo at other addresses, which lead to its own. */
  behind(service, chain) {
    return Object.assign(Object.create(this), { service, chain });
  }

  /** Ends the demo and waits until nothing of it is left. */
  async stop() {
    const ended = new Promise((resolve) => this.process.once('close', resolve));
    this.process.kill('SIGINT');
    await ended;
  }

  /** Runs a command of the program to its end and returns what it printed. */
  async run(...words) {
    const child = spawn(this.program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (text += part));
    const code = await new Promise((resolve) => child.on('close', resolve));
    if (code !== 0) throw new Error(`annona ${words.join(' ')} ended with ${code}:\n${text}`);
    return text;
  }

  /** Has the orb read a code from a picture, with a person before it whom no orb has seen. */
  async enrolFromPicture(picture, person = this.newPerson()) {
    return this.run(
      ...['orb', 'enrol', '--service', this.service, '--qr', picture],
      ...['--deployment', join(this.files, 'deployment.json')],
      ...['--key-file', join(this.files, 'orb.key'), '--simulate', String(person)],
    );
  }

  /** Returns the number of a simulated person who has not been before an orb. */
  newPerson() {
    nextPerson += 1;
    return nextPerson;
  }

  /** Asks the chain's endpoint. */
  async ask(method, ...params) {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(this.chain, { method: 'POST', headers, body });
    const { result, error } = await answer.json();
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  /** Asks the service until it answers with a success, and returns the answer's body. */
  async get(path) {
    let last;
    for (let tries = 0; tries < 100; tries += 1) {
      const answer = await fetch(new URL(path, this.service)).catch(() => undefined);
      if (answer?.ok) return answer.json();
      last = answer?.status ?? 'nothing';
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`${path} is answered by ${last}`);
  }

  /** Sends a claim to the service, as anybody could who has seen it. */
  async submit(claim) {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify(claim);
    return fetch(new URL('/v1/claims', this.service), { method: 'POST', headers, body });
  }

  /** Counts the payments of a nullifier hash on the chain. */
  async countPayments(nullifierHash) {
    const { distributor } = await this.get('/v1/config');
    const filter = { address: distributor, fromBlock: '0x0', toBlock: 'latest' };
    const logs = await this.ask('eth_getLogs', filter);
    return logs.filter(({ topics, data }) => `${topics}${data}`.includes(nullifierHash.slice(2))).length;
  }

  /** Time of the chain, in Unix seconds. */
  async chainTime() {
    return Number((await this.ask('eth_getBlockByNumber', 'latest', false)).timestamp);
  }

  /** Has the chain make no blocks by itself, until `makeBlocks`. */
  async stopBlocks() {
    await this.ask('evm_setIntervalMining', 0);
  }

  /** Has the chain make a block each second, as the demo does. */
  async makeBlocks() {
    await this.ask('evm_setIntervalMining', 1);
  }

  /** Moves the chain's time on. */
  async passTime(secs) {
    await this.ask('evm_increaseTime', secs);
    await this.ask('evm_mine');
  }

  /** Moves the chain's time into the next epoch, and waits until the service knows of it. */
  async nextEpoch() {
    const { epoch, endsAt } = await this.get('/v1/epochs/current');
    await this.passTime(endsAt - (await this.chainTime()));
    for (let tries = 0; tries < 100; tries += 1) {
      if ((await this.get('/v1/epochs/current')).epoch > epoch) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('the service did not come into the next epoch');
  }
}

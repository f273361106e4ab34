// A browser that may be killed: a process of its own, with a profile that outlives it.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

import { BROWSER_OPTIONS, findBrowser } from '../browser.mjs';

/** Starts a browser with the profile in a folder, and returns the address by which it is driven. */
export async function spawnBrowser(folder) {
  const profile = `--user-data-dir=${join(folder, 'profile')}`;
  const options = [...BROWSER_OPTIONS, '--headless=new', '--remote-debugging-port=0', profile];
  const child = spawn(findBrowser(), [...options, 'about:blank'], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  let text = '';
  const address = await new Promise((resolve, reject) => {
    ended.then(() => reject(new Error(`the browser ended:\n${text}`)));
    child.stderr.on('data', (part) => {
      text += part;
      const line = /^DevTools listening on (\S+)$/m.exec(text);
      if (line) resolve(line[1]);
    });
  });
  return {
    address,
    /** Kills the browser and all its processes. */
    kill: async () => {
      if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGKILL');
      await ended;
    },
  };
}

/** Starts a browser with the profile in a folder, and takes hold of its only context. */
export async function startOwnBrowser(folder) {
  const { address, kill } = await spawnBrowser(folder);
  const connection = await chromium.connectOverCDP(address);
  return { context: connection.contexts()[0], kill };
}

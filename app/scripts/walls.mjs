// Rules about what may import what, and about names that no source uses.
//
// `wallet/` is the only code that touches the secret. Everybody else speaks to it through
// `wallet/index.ts`, which has the messages and the page's side and no code of the vault.

import { imports } from './sources.mjs';

/** Files of the wallet that run in the page. All others of `wallet/` run in the worker. */
const PAGE_SIDE = ['wallet/index.ts', 'wallet/client.ts', 'wallet/passkey.ts'];
/** Files of the wallet that both sides use; they have no code of the vault. */
const SHARED = ['wallet/protocol.ts', 'wallet/trusted.ts'];
const WORKER = 'wallet/worker.ts';

/** Folders of `src` and the folders that each may import. */
const MAY_IMPORT = {
  bytes: [],
  chain: ['net'],
  citizen: [
    ...['bytes', 'chain', 'messages', 'net', 'offline', 'scan', 'service', 'storage', 'tree'],
    ...['ui', 'wallet'],
  ],
  gallery: ['bytes', 'chain', 'citizen', 'messages', 'net', 'scan', 'service', 'tree', 'ui', 'wallet'],
  messages: [],
  net: [],
  offline: [],
  scan: ['messages', 'ui'],
  service: ['messages', 'net'],
  storage: [],
  tree: ['bytes', 'net', 'service', 'wallet'],
  ui: ['messages'],
  wallet: ['bytes', 'storage'],
};

/** Names that no source uses, and why. */
const FORBIDDEN = [
  [/\b(localStorage|sessionStorage)\b/, 'keeps nothing there; use IndexedDB'],
  [/\bconsole\./, 'logs nothing'],
  [/\b(eval|Function)\(/, 'evaluates no string'],
  [/\{@html\b/, 'writes no markup from text'],
  [/\bdocument\.cookie\b/, 'has no cookies'],
  // Chromium tells the flows nothing of what these ask (`scripts/e2e/watch.mjs`).
  [/\b(SharedWorker|WebTransport|RTCPeerConnection)\b/, 'asks others by fetch alone'],
  [/<[^>]*\sstyle="/, 'has no inline style: the policy refuses it'],
];

const folder = (path) => path.split('/')[0];
const isTest = (path) => path.endsWith('.test.ts') || path.includes('/testing/');

/** Returns a sentence for each rule that a file breaks. */
export function objections(file) {
  const found = [];
  const object = (text) => found.push(`src/${file.path}: ${text}`);
  for (const target of imports(file)) {
    if (!target.includes('/') || !(folder(target) in MAY_IMPORT)) continue;
    const [from, to] = [folder(file.path), folder(target)];
    if (from !== to && !MAY_IMPORT[from]?.includes(to)) object(`${from} does not import ${target}`);
    if (to !== 'wallet') continue;
    if (from !== 'wallet' && target !== 'wallet/index.ts') {
      object(`imports ${target}; outside the wallet only wallet/index.ts is imported`);
    }
    if (PAGE_SIDE.includes(file.path) && ![...PAGE_SIDE, ...SHARED, WORKER].includes(target)) {
      object(`runs in the page and imports ${target} of the worker`);
    }
    if (target === WORKER && file.path !== 'wallet/client.ts') {
      object('starts the worker; wallet/client.ts alone does');
    }
    if (SHARED.includes(file.path)) object(`imports ${target}; both sides use this file`);
  }
  if (!isTest(file.path)) {
    for (const [pattern, reason] of FORBIDDEN) {
      if (pattern.test(file.text)) object(reason);
    }
  }
  return found;
}

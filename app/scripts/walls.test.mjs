import { describe, expect, it } from 'vitest';

import { objections } from './walls.mjs';

describe('the walls', () => {
  const broken = (path, text) => objections({ path, text }).length;

  it('let everybody speak to the wallet through its messages alone', () => {
    expect(broken('citizen/a.ts', "import { a } from '../wallet/index.ts';")).toBe(0);
    expect(broken('citizen/a.ts', "import { a } from '../wallet/vault.ts';")).toBe(1);
    expect(broken('citizen/a.ts', "const a = await import('../wallet/vault.ts');")).toBe(1);
    expect(broken('citizen/A.svelte', "import type { a } from '../wallet/vault.ts';")).toBe(1);
  });

  it('keep the vault out of the page and the page out of the worker', () => {
    expect(broken('wallet/client.ts', "import { a } from './vault.ts';")).toBe(1);
    expect(broken('wallet/client.ts', "import a from './worker.ts?worker&url';")).toBe(0);
    expect(broken('citizen/a.ts', "import a from '../wallet/worker.ts?worker&url';")).toBe(2);
    expect(broken('citizen/a.ts', "new URL('../wallet/worker.ts', import.meta.url)")).toBe(2);
    expect(broken('wallet/vault.ts', "import { t } from '../messages/current.svelte.ts';")).toBe(1);
    expect(broken('wallet/protocol.ts', "import { a } from './vault.ts';")).toBe(1);
  });

  it('forbid places and means that the app does not use', () => {
    expect(broken('citizen/a.ts', 'localStorage.setItem(a, b)')).toBe(1);
    expect(broken('wallet/a.ts', 'console.log(a)')).toBe(1);
    expect(broken('ui/A.svelte', '{@html a}')).toBe(1);
    expect(broken('net/a.ts', "new SharedWorker('./b.js')")).toBe(1);
    expect(broken('ui/A.svelte', '<p class="a" style="color: red">')).toBe(1);
  });
});

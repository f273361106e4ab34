import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { resolve } from 'node:path';
import type { Plugin } from 'vite';

import { policy } from './scripts/csp.mjs';
import { seal } from './scripts/release.mjs';

/** Puts the Content-Security-Policy on top of the head of each built page. */
function contentSecurityPolicy(): Plugin {
  return {
    name: 'annona-csp',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler: () => [
        {
          tag: 'meta',
          attrs: { 'http-equiv': 'Content-Security-Policy', content: policy() },
          injectTo: 'head-prepend',
        },
      ],
    },
  };
}

/** Part of a build's chunk that is looked at here. */
interface BuiltChunk {
  type: 'chunk' | 'asset';
  fileName: string;
  isDynamicEntry?: boolean;
  facadeModuleId?: string | null;
  imports?: string[];
  viteMetadata?: { importedCss: Set<string> };
}

/**
 * Has the page fetch the app, its styles and the wallet's worker at once, and not each when the one
 * before it runs.
 */
function fetchAtOnce(): Plugin {
  return {
    name: 'annona-fetch-at-once',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler: (_, { bundle = {} }) => {
        const files = Object.values(bundle) as BuiltChunk[];
        const app = files.find(
          (it) => it.type === 'chunk' && it.facadeModuleId?.endsWith('/src/citizen/main.ts'),
        );
        if (!app) throw new Error('the build has the app');
        const worker = files.find((it) => /^assets\/worker-[\w-]+\.js$/.test(it.fileName));
        if (!worker) throw new Error('the build has the worker of the wallet');
        // Code that the app shares with chunks for later; the page's own entry is named already.
        const entry = files.find((it) => it.facadeModuleId?.endsWith('/index.html'));
        const shared = (app.imports ?? []).filter(
          (it) => it !== entry?.fileName && !entry?.imports?.includes(it),
        );
        const link = (attrs: Record<string, string | boolean>) =>
          ({ tag: 'link', attrs, injectTo: 'head' }) as const;
        return [
          ...[...(app.viteMetadata?.importedCss ?? [])].map((it) =>
            link({ rel: 'stylesheet', href: `./${it}`, crossorigin: true }),
          ),
          ...[app.fileName, ...shared, worker.fileName].map((it) =>
            link({ rel: 'modulepreload', href: `./${it}`, crossorigin: true }),
          ),
        ];
      },
    },
  };
}

/** Writes the hashes of the built files into the service worker and into `release.json`. */
function release(): Plugin {
  let folder = '';
  let isDone = false;
  return {
    name: 'annona-release',
    apply: 'build',
    configResolved: ({ root, build }) => void (folder = resolve(root, build.outDir)),
    writeBundle: () => void (isDone = true),
    closeBundle: {
      order: 'post',
      handler: () => {
        if (isDone) console.log(`fingerprint of the release: ${seal(folder)}`);
      },
    },
  };
}

export default defineConfig(({ mode }) => {
  const isGallery = mode === 'gallery';
  return {
    // Relative addresses: the app runs under any path of any static host.
    base: './',
    // `@hpke/common` would ask for this module where there is no WebCrypto; every browser has it.
    resolve: { alias: [{ find: /^crypto$/, replacement: resolve('src/wallet/no-module.ts') }] },
    plugins: [svelte(), contentSecurityPolicy(), ...(isGallery ? [] : [fetchAtOnce(), release()])],
    build: {
      target: 'es2022',
      outDir: isGallery ? '.gallery/site' : 'dist',
      emptyOutDir: true,
      // No data: addresses, and no inline script for old browsers: the policy refuses both.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      manifest: 'manifest.files.json',
      rollupOptions: {
        input: isGallery
          ? { gallery: 'gallery.html' }
          : { citizen: 'index.html', 'service-worker': 'src/offline/service-worker.ts' },
        output: {
          // Browsers look for a later version of the worker at the same address.
          entryFileNames: ({ name }) =>
            name === 'service-worker' ? 'service-worker.js' : 'assets/[name]-[hash].js',
        },
      },
    },
    worker: { format: 'es' },
    test: {
      // The wallet's tests derive keys that are dear by design, on a machine that may be busy.
      testTimeout: 60_000,
      include: ['src/**/*.test.ts', 'scripts/**/*.test.mjs'],
      environment: 'node',
    },
  };
});

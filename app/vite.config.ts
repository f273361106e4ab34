import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import type { Plugin } from 'vite';

import { policy } from './scripts/csp.mjs';

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

export default defineConfig(({ mode }) => {
  const isGallery = mode === 'gallery';
  return {
    // Relative addresses: the app runs under any path of any static host.
    base: './',
    plugins: [svelte(), contentSecurityPolicy()],
    build: {
      target: 'es2022',
      outDir: isGallery ? '.gallery/site' : 'dist',
      emptyOutDir: true,
      // No data: addresses, and no inline script for old browsers: the policy refuses both.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      manifest: 'manifest.files.json',
      rollupOptions: {
        input: isGallery ? { gallery: 'gallery.html' } : { citizen: 'index.html' },
      },
    },
    worker: { format: 'es' },
    test: {
      include: ['src/**/*.test.ts', 'scripts/**/*.test.mjs'],
      environment: 'node',
    },
  };
});

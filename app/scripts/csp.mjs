// The Content-Security-Policy of each page, as text for the meta element or a header.
//
// Scripts, styles and workers come from the app's own files and from nowhere else. WebAssembly
// may be compiled, strings may not. Requests may go to any address over TLS, because the person
// may name any service and any RPC endpoint, and without TLS to this machine only; nothing is
// asked of an address that was not named (`src/service`, `src/chain`).

const DIRECTIVES = {
  'default-src': ["'none'"],
  'script-src': ["'self'", "'wasm-unsafe-eval'"],
  'style-src': ["'self'"],
  'img-src': ["'self'"],
  'manifest-src': ["'self'"],
  'worker-src': ["'self'"],
  'connect-src': ["'self'", 'https:', 'http://127.0.0.1:*', 'http://localhost:*'],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'require-trusted-types-for': ["'script'"],
  // Svelte's templates, and the addresses of the wallet's worker and of the service worker.
  'trusted-types': ['svelte-trusted-html', 'annona-worker', 'annona-offline'],
};

/** Returns the policy in the form that the meta element and the header share. */
export function policy() {
  return Object.entries(DIRECTIVES)
    .map(([name, values]) => `${name} ${values.join(' ')}`)
    .join('; ');
}

/** Reason for which a text is no address that the app asks anything of. */
export type AddressProblem = 'not-an-address' | 'not-encrypted' | 'has-credentials';

/** Hosts that mean this device, where nobody listens on the way. */
const LOOPBACK = new Set(['localhost', '127.0.0.1']);

/**
 * Reads the address of a service or an endpoint: https, or http to this device, as the policy of
 * the page allows (`scripts/csp.mjs`). Returns it with a closing slash and without a fragment.
 */
export function parseAddress(text: string): { address: string } | { problem: AddressProblem } {
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    return { problem: 'not-an-address' };
  }
  if (url.username !== '' || url.password !== '') return { problem: 'has-credentials' };
  if (url.protocol === 'http:' && !LOOPBACK.has(url.hostname)) return { problem: 'not-encrypted' };
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return { problem: 'not-an-address' };
  url.hash = '';
  return { address: url.href };
}

/** Part of the browser's Trusted Types that is used here; some browsers have none. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL: (address: string) => string },
  ): { createScriptURL(address: string): string };
}

/** Returns a worker's address in the form that Trusted Types ask for. It trusts no other. */
export function trustedWorkerAddress(workerAddress: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  const policy = trustedTypes?.createPolicy('annona-worker', {
    createScriptURL: (address) => (address === workerAddress ? address : ''),
  });
  return policy?.createScriptURL(workerAddress) ?? workerAddress;
}

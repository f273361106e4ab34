/** Registration of the service worker, and the change to a new version when the person asks for it. */

/** Watcher of versions. */
export interface Versions {
  /** Changes to the new version in every tab of the app. */
  takeOver(): void;
}

/** Part of Trusted Types that is used here; some browsers have none. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL: (address: string) => string },
  ): { createScriptURL(address: string): string };
}

/** Returns the address of the service worker in the form that Trusted Types ask for, and no other. */
function trustedAddress(address: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  const policy = trustedTypes?.createPolicy('annona-offline', {
    createScriptURL: (asked) => (asked === address ? asked : ''),
  });
  return policy?.createScriptURL(address) ?? address;
}

/**
 * Registers the service worker. `onNewVersion` is called when another version has been fetched
 * whole and waits. Where there are no service workers, the app works with a network only.
 */
export async function keepOffline(
  container: ServiceWorkerContainer | undefined,
  page: Pick<Location, 'reload'>,
  onNewVersion: (versions: Versions) => void,
): Promise<void> {
  if (!container) return;
  let isControlled = container.controller !== null;
  container.addEventListener('controllerchange', () => {
    // The first worker takes over the page that it was registered by, which is of its version.
    if (isControlled) page.reload();
    isControlled = true;
  });
  const registration = await container
    .register(trustedAddress('./service-worker.js'), { updateViaCache: 'none' })
    .catch(() => undefined);
  if (!registration) return;
  const tell = () => {
    const { waiting } = registration;
    if (waiting && container.controller) {
      onNewVersion({ takeOver: () => waiting.postMessage('take-over') });
    }
  };
  tell();
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', tell);
  });
}

/** Runs work while no other tab runs any of this name; where there are no locks, there is one tab. */
export async function runAlone<T>(name: string, work: () => Promise<T>): Promise<T> {
  const { locks } = navigator as { locks?: LockManager };
  return locks ? ((await locks.request(name, work)) as T) : work();
}

/**
 * Lets no transaction that the browser breaks off be an error of the page: `idb` makes a promise
 * of each one's end, for which no reader waits. The reading itself fails where it is asked for.
 */
export function forgiveBrokenTransactions(scope: Pick<EventTarget, 'addEventListener'>): void {
  scope.addEventListener('unhandledrejection', (event) => {
    const { reason } = event as PromiseRejectionEvent;
    if (reason instanceof DOMException && reason.name === 'AbortError') event.preventDefault();
  });
}

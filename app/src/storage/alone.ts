/** Runs work while no other tab runs any of this name; where there are no locks, there is one tab. */
export async function runAlone<T>(name: string, work: () => Promise<T>): Promise<T> {
  const { locks } = navigator as { locks?: LockManager };
  return locks ? ((await locks.request(name, work)) as T) : work();
}

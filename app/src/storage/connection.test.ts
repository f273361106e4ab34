import { describe, expect, it } from 'vitest';
import type { IDBPDatabase } from 'idb';

import { Connection } from './connection.ts';
import { forgiveBrokenTransactions } from './work.ts';

/** Connection to databases that are numbered in the order in which they are opened. */
function connection(fails: readonly number[] = []) {
  const lost: (() => void)[] = [];
  const made = new Connection<unknown>(async (onLost) => {
    const number = lost.push(onLost);
    if (fails.includes(number)) throw new DOMException('none', 'UnknownError');
    return { number } as unknown as IDBPDatabase<unknown>;
  });
  return { made, lost };
}

describe('a connection', () => {
  it('is opened once', async () => {
    const { made, lost } = connection();
    const [one, other] = await Promise.all([made.database(), made.database()]);
    expect(one).toBe(other);
    expect(lost).toHaveLength(1);
  });

  it('is opened anew when the browser has broken it off, and when it could not be opened', async () => {
    const { made, lost } = connection([2]);
    await made.database();
    lost[0]?.();
    await expect(made.database()).rejects.toThrow();
    expect(await made.database()).toMatchObject({ number: 3 });
    // The end of an older one is not the end of this one.
    lost[0]?.();
    expect(await made.database()).toMatchObject({ number: 3 });
  });
});

describe('a page', () => {
  it('has no error of a transaction that was broken off, and every other', () => {
    const scope = new EventTarget();
    forgiveBrokenTransactions(scope);
    const isShown = (reason: unknown) =>
      scope.dispatchEvent(
        Object.assign(new Event('unhandledrejection', { cancelable: true }), { reason }),
      );
    expect(isShown(new DOMException('Connection is closing.', 'AbortError'))).toBe(false);
    expect(isShown(new DOMException('gone', 'InvalidStateError'))).toBe(true);
    expect(isShown(new TypeError('x is none'))).toBe(true);
  });
});

/**
 * Merges of what several tabs keep: a tab applies what it changed to what is stored now, which
 * another tab may have changed since.
 */

/** Applies the change of a list to the list as it is stored; the changed one's order comes first. */
export function mergedList<Item>(
  stored: readonly Item[],
  before: readonly Item[],
  after: readonly Item[],
): Item[] {
  const kept = after.filter((it) => stored.includes(it) || !before.includes(it));
  const ofOthers = stored.filter((it) => !before.includes(it) && !after.includes(it));
  return [...kept, ...ofOthers];
}

/** Applies the changes of a record's fields: what this tab did not change stays as it is stored. */
export function mergedFields<Fields extends object>(
  stored: Fields,
  before: Fields,
  after: Fields,
): Fields {
  const names = Object.keys({ ...before, ...after }) as (keyof Fields)[];
  const merged = { ...stored };
  for (const name of names.filter((it) => before[it] !== after[it])) {
    if (name in after) merged[name] = after[name];
    else delete merged[name];
  }
  return merged;
}

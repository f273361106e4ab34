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

/** Applies the change of one field: another tab's value stays where this tab changed nothing. */
export function mergedField<Value>(stored: Value, before: Value, after: Value): Value {
  return before === after ? stored : after;
}

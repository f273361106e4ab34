// Judges claims with a verifier of others: each claim must be accepted as it is, and refused with
// any one of its numbers changed. Prints one JSON line:
// { "claims": n, "accepted": n, "changes": n, "changesRefused": n }.

/** A decimal number, increased by one. */
export const increased = (number) => (BigInt(number) + 1n).toString();

/** A copy of some numbers, with the one at `index` increased by one. */
export const increasedAt = (numbers, index) => numbers.with(index, increased(numbers[index]));

/** Prints the counts and ends the process: with 0 if all is as it must be, with 1 otherwise.
 * `changes` gives the changed forms of a claim, `verify` says whether one is accepted. */
export async function judge(claims, changes, verify) {
  /** A malformed point makes a verifier throw, which is a refusal too. */
  const accepts = async (claim) => {
    try {
      return await verify(claim);
    } catch {
      return false;
    }
  };
  const counts = { claims: 0, accepted: 0, changes: 0, changesRefused: 0 };
  for (const claim of claims) {
    counts.claims += 1;
    counts.accepted += (await accepts(claim)) ? 1 : 0;
    for (const changed of changes(claim)) {
      counts.changes += 1;
      counts.changesRefused += (await accepts(changed)) ? 0 : 1;
    }
  }
  console.log(JSON.stringify(counts));
  const isWell =
    counts.claims > 0 &&
    counts.accepted === counts.claims &&
    counts.changesRefused === counts.changes;
  // The workers of snarkjs, and of packages on it, keep the process alive.
  process.exit(isWell ? 0 : 1);
}

// Verifies claims with npm @semaphore-protocol/proof: `node verify.mjs CLAIM.json ...`.
// Each claim must be accepted as it is and refused with any one of its fields changed.
// Prints one JSON line: { "claims": n, "accepted": n, "changesRefused": n, "changes": n }.
import { readFile } from "node:fs/promises";
import { verifyProof } from "@semaphore-protocol/proof";

const DEPTH = 30;

/** The claim with one field, or one coordinate of the proof, increased by one. */
function* changes(claim) {
  const increased = (text) => (BigInt(text) + 1n).toString();
  for (const field of ["merkleTreeRoot", "nullifierHash", "signal", "externalNullifier"]) {
    yield { ...claim, [field]: increased(claim[field]) };
  }
  for (const index of claim.proof.keys()) {
    yield { ...claim, proof: claim.proof.with(index, increased(claim.proof[index])) };
  }
}

/** A malformed point makes the package throw, which is a refusal too. */
async function accepts(claim) {
  try {
    return await verifyProof(claim, DEPTH);
  } catch {
    return false;
  }
}

const counts = { claims: 0, accepted: 0, changes: 0, changesRefused: 0 };
for (const path of process.argv.slice(2)) {
  const claim = JSON.parse(await readFile(path, "utf8"));
  counts.claims += 1;
  counts.accepted += (await accepts(claim)) ? 1 : 0;
  for (const changed of changes(claim)) {
    counts.changes += 1;
    counts.changesRefused += (await accepts(changed)) ? 0 : 1;
  }
}
console.log(JSON.stringify(counts));
const isWell =
  counts.claims > 0 && counts.accepted === counts.claims && counts.changesRefused === counts.changes;
// The package's workers keep the process alive.
process.exit(isWell ? 0 : 1);

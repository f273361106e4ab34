// Verifies claims with npm @semaphore-protocol/proof: `node verify.mjs CLAIM.json ...`.
// Rules and output are those of `judge.mjs`.
import { readFile } from "node:fs/promises";
import { verifyProof } from "@semaphore-protocol/proof";
import { increased, increasedAt, judge } from "./judge.mjs";

const DEPTH = 30;

/** The claim with one field, or one coordinate of the proof, increased by one. */
function* changes(claim) {
  for (const field of ["merkleTreeRoot", "nullifierHash", "signal", "externalNullifier"]) {
    yield { ...claim, [field]: increased(claim[field]) };
  }
  for (const index of claim.proof.keys()) {
    yield { ...claim, proof: increasedAt(claim.proof, index) };
  }
}

const claims = await Promise.all(
  process.argv.slice(2).map(async (file) => JSON.parse(await readFile(file, "utf8"))),
);
await judge(claims, changes, (claim) => verifyProof(claim, DEPTH));

/**
 * Functions that the worker needs from the WebAssembly module of the identity. Types only: the
 * module derives and proves (docs/spec/identity.md), and this folder keeps the secret.
 *
 * Field elements are 32 big-endian bytes below the scalar modulus. A function throws when an
 * argument is not of its form, and never reduces one.
 */

/** Deployment for which claims are made. The wallet knows it and takes it from no caller. */
export interface ClaimScope {
  chainId: bigint;
  /** Address of the distributor, 20 bytes. */
  distributor: Uint8Array;
}

/** Payment that a claim's proof binds. */
export interface Payment {
  recipient: Uint8Array;
  feeRecipient: Uint8Array;
  fee: bigint;
}

/** Way of a commitment up to `R_e`, which was compared with the chain's before. */
export interface InclusionPath {
  leafIndex: number;
  /** Siblings from the leaf to the root, 30 of them. */
  siblings: readonly Uint8Array[];
  root: Uint8Array;
}

/** Proof of a claim, in the form of the API. */
export interface ClaimProof {
  nullifierHash: Uint8Array;
  /** Eight coordinates: a.x, a.y, b.x.c1, b.x.c0, b.y.c1, b.y.c0, c.x, c.y. */
  proof: readonly Uint8Array[];
}

/** Derives the commitment of a secret. */
export type DeriveCommitment = (secret: Uint8Array) => Uint8Array;

/** The module: one instance a worker. */
export interface IdentityModule {
  deriveCommitment: DeriveCommitment;
  /** Derives the nullifier hash of an epoch. */
  deriveNullifierHash(secret: Uint8Array, scope: ClaimScope, epoch: bigint): Uint8Array;
  /** Proves a claim and reports each step that is done. */
  proveClaim(
    secret: Uint8Array,
    scope: ClaimScope,
    epoch: bigint,
    payment: Payment,
    path: InclusionPath,
    onStep: (done: number, total: number) => void,
  ): Promise<ClaimProof>;
}

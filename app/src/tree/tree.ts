/**
 * Way of a commitment up to the root of an epoch's tree. The types are those of the module that
 * reads the tiles; until it is here, no way is found and the failure says so.
 */

import type { ServiceFailure } from '../service/problems.ts';
import type { Service } from '../service/service.ts';

/** Way of a commitment up to a root: hexadecimal texts of 32 bytes. */
export interface InclusionPath {
  leafIndex: number;
  /** Siblings from the leaf to the root, 30 of them. */
  siblings: string[];
  root: string;
}

/** Outcome of looking for a commitment in an epoch's tree. */
export type PathOutcome =
  | { kind: 'found'; path: InclusionPath }
  | { kind: 'absent' }
  | { kind: 'failure'; failure: ServiceFailure }
  /** The tree has fewer leaves than the epoch has members. */
  | { kind: 'too-few-leaves' };

/** Finds the way of a commitment in an epoch's tree. */
export async function findPath(
  _services: readonly Service[],
  _epoch: number,
  _members: number,
  _commitment: string,
  _knownLeaf: number | undefined,
  _onProgress?: (tiles: number) => void,
): Promise<PathOutcome> {
  return { kind: 'failure', failure: { kind: 'not-understood' } };
}

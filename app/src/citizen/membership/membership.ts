/**
 * Knowledge of this device about its membership: the codes that it showed to an orb, and their
 * outcomes. The chain decides who is a member; this says only where to look and what to offer.
 */

import { epochAt, type ClaimCalendar } from '../../chain/calendar.ts';
import { mergedFields, mergedList } from '../settings/merge.ts';
import type { VisitKind } from '../../wallet/index.ts';

/** Codes of a visit that a service is asked about; those before have ended. */
export const MAX_NONCES = 12;

/** Membership of one commitment, as it is stored. */
export interface Membership {
  commitment: string;
  /** Time of the chain at which the person was no member yet. */
  notMemberAt?: number;
  /** Nonces of the codes that were shown, 0x and 64 digits, the newest last. */
  nonces: readonly string[];
  /** Purpose of the visit; a new member where none was chosen. */
  visitKind?: VisitKind;
  /** Nonce that a service knows: the one that the orb read. */
  seenNonce?: string;
  leafIndex?: number;
  /** Epochs in whose list the commitment is not. */
  absentFrom: readonly number[];
}

/** Begins the record of a commitment. */
export function newMembership(commitment: string): Membership {
  return { commitment, nonces: [], absentFrom: [] };
}

/** Reads what was stored about a commitment; what is about another is nothing. */
export function readMembership(stored: unknown, commitment: string): Membership {
  const record = stored as Membership | undefined;
  const isOfIt =
    typeof record === 'object' &&
    record !== null &&
    record.commitment === commitment &&
    Array.isArray(record.nonces) &&
    Array.isArray(record.absentFrom);
  return isOfIt ? record : newMembership(commitment);
}

/** Applies a change of the record to the record as it is stored now. */
export function mergedMembership(
  stored: Membership,
  before: Membership,
  after: Membership,
): Membership {
  const leafIndex = after.leafIndex ?? stored.leafIndex;
  const times = [stored.notMemberAt, after.notMemberAt].filter((it) => it !== undefined);
  return {
    ...mergedFields(stored, before, after),
    nonces: mergedList(stored.nonces, before.nonces, after.nonces).slice(-MAX_NONCES),
    absentFrom: mergedList(stored.absentFrom, before.absentFrom, after.absentFrom),
    ...(leafIndex !== undefined && { leafIndex }),
    ...(times.length > 0 && { notMemberAt: Math.max(...times) }),
  };
}

/** Standing of the person, as far as this device knows. */
export type MembershipStanding = 'unknown' | 'joining' | 'member';

export function standingOf({ leafIndex, seenNonce }: Membership): MembershipStanding {
  if (leafIndex !== undefined) return 'member';
  return seenNonce === undefined ? 'unknown' : 'joining';
}

/** Adds the nonce of a code that is shown to somebody who is no member yet. */
export function afterShowing(
  record: Membership,
  nonce: string,
  chainSecs: number | undefined,
): Membership {
  const nonces = [...record.nonces, nonce].slice(-MAX_NONCES);
  return afterWaiting({ ...record, nonces }, undefined, chainSecs);
}

/** Notes that the person is no member yet, and the nonce by which a service knows the visit. */
export function afterWaiting(
  record: Membership,
  seenNonce: string | undefined,
  chainSecs: number | undefined,
): Membership {
  return {
    ...record,
    ...(seenNonce !== undefined && { seenNonce }),
    ...(chainSecs !== undefined && { notMemberAt: chainSecs }),
  };
}

/** Notes that a visit came to nothing; its codes are asked about for as long as they are shown. */
export function afterRefusal(record: Membership): Membership {
  const { seenNonce, ...others } = record;
  return seenNonce === undefined ? record : others;
}

/** Forgets the codes of a visit, so that the next one begins afresh. */
export function afterEndedVisit(record: Membership): Membership {
  return { ...afterRefusal(record), nonces: [] };
}

/** Begins a visit of a kind afresh: codes of an earlier one are not asked about any longer. */
export function afterChoosing(record: Membership, visitKind: VisitKind): Membership {
  return { ...afterEndedVisit(record), visitKind };
}

/** Notes the leaf of the person. */
export function afterJoining(record: Membership, leafIndex: number): Membership {
  return { ...record, leafIndex };
}

/** Notes an epoch in whose list the commitment is not. */
export function afterAbsence(record: Membership, epoch: number): Membership {
  return record.absentFrom.includes(epoch)
    ? record
    : { ...record, absentFrom: [...record.absentFrom, epoch] };
}

/**
 * Returns the first epoch that the person may be paid for: the one after the epoch in which they
 * were no member yet (EPOCH-3). The list of each epoch decides.
 */
export function firstPossibleEpoch({ notMemberAt }: Membership, calendar: ClaimCalendar): number {
  const epoch = notMemberAt === undefined ? undefined : epochAt(calendar, notMemberAt);
  return epoch === undefined ? 0 : epoch + 1;
}

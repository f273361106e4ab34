/** Subject of the home page, by all that is known. */

import { oldestClaimable, startOf } from '../../chain/calendar.ts';
import type { ServiceFailure, TryAgain } from '../../service/problems.ts';
import { openEpochs, type DeviceClaim } from '../claim/claim.ts';
import type { DeploymentFacts, Survey } from '../deployment/deployment.ts';
import { firstPossibleEpoch, standingOf, type Membership } from '../membership/membership.ts';
import type { Present, PresentOutcome } from '../present/present.ts';

/** State of the home page. */
export type HomeState =
  | { kind: 'connecting' }
  /** No service names the deployment that this app knows, or any at all. */
  | { kind: 'no-service' }
  | { kind: 'not-joined' }
  | { kind: 'joining' }
  /** A member whose first payment has not opened. */
  | { kind: 'waiting'; startsAt: number; secsLeft: number }
  | { kind: 'member'; present: Present; open: readonly number[] }
  /** A member, while nobody tells the time of the chain. */
  | { kind: 'no-present'; failure: ServiceFailure; again?: TryAgain };

/** All that decides about the home page. */
export interface HomeInput {
  facts: DeploymentFacts | undefined;
  survey: Survey | undefined;
  membership: Membership | undefined;
  present: PresentOutcome | undefined;
  claims: readonly DeviceClaim[];
  chainSecs: number | undefined;
}

/** Returns the state of the home page. */
export function homeState(input: HomeInput): HomeState {
  const { facts, survey, membership, present } = input;
  if (!facts) return survey ? { kind: 'no-service' } : { kind: 'connecting' };
  if (!membership) return { kind: 'connecting' };
  const standing = standingOf(membership);
  if (standing === 'unknown') return { kind: 'not-joined' };
  if (standing === 'joining') return { kind: 'joining' };
  switch (present?.kind) {
    case undefined:
      return { kind: 'connecting' };
    case 'failure':
      return { ...present, kind: 'no-present' };
    case 'before-genesis': {
      const { secsLeft } = present;
      return { kind: 'waiting', startsAt: facts.calendar.genesis, secsLeft };
    }
    case 'present':
      return memberState(input, facts, membership, present.present);
  }
}

function memberState(
  { claims, chainSecs }: HomeInput,
  { calendar }: DeploymentFacts,
  membership: Membership,
  present: Present,
): HomeState {
  const now = chainSecs ?? present.clock.chainTime;
  const { absentFrom } = membership;
  const current = present.facts.epoch;
  const range = {
    first: firstPossibleEpoch(membership, calendar),
    oldestClaimable: oldestClaimable(calendar, current),
    current,
  };
  const open = openEpochs(claims, range).filter((it) => !absentFrom.includes(it));
  if (open.length > 0 || claims.length > 0) return { kind: 'member', present, open };
  const startsAt = startOf(calendar, current + 1);
  return { kind: 'waiting', startsAt, secsLeft: Math.max(0, startsAt - now) };
}

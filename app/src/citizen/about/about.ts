/** Events of the own commitment, read from the chain among those of everybody. */

import { startOf } from '../../chain/calendar.ts';
import { firstBlockAt } from '../../chain/payments.ts';
import { readLeafEvents, type LeafEvent } from '../../chain/registry.ts';
import type { RpcEndpoint } from '../../chain/rpc.ts';
import type { DeploymentFacts } from '../deployment/deployment.ts';
import type { Membership } from '../membership/membership.ts';
import { onChain, whyNotRead, type Checked, type Evidence, type NotChecked } from '../present/present.ts';

/** Event with the time of its block. */
export interface DatedEvent extends LeafEvent {
  at: number;
  /** First second of the first epoch that the event counts for. */
  countsFrom: number;
}

/** Knowledge about the person's own commitment. */
export type AboutState =
  | { kind: 'reading' }
  | { kind: 'not-read'; why: NotChecked }
  | { kind: 'read'; events: readonly DatedEvent[]; evidence: Evidence };

/** Reads the events of a commitment since the time at which the person was no member yet. */
export async function readAbout(
  facts: DeploymentFacts,
  { commitment, notMemberAt }: Membership,
  endpoints: readonly RpcEndpoint[],
): Promise<AboutState> {
  const { deployment, calendar } = facts;
  const since = notMemberAt ?? calendar.genesis;
  const read = await onChain(endpoints, facts, async (endpoint, block) => {
    const first = await firstBlockAt(endpoint, since, block.number);
    const events =
      first === undefined
        ? []
        : await readLeafEvents(endpoint, deployment.registry, commitment, first, block.number);
    const dated: DatedEvent[] = [];
    for (const event of events) {
      const { time } = await endpoint.block(event.blockNumber);
      // A list holds for the epoch after the one in which it was changed (EPOCH-3).
      dated.push({ ...event, at: time, countsFrom: startOf(calendar, event.epoch + 1) });
    }
    return dated;
  });
  if (read.kind !== 'read') return { kind: 'not-read', why: whyNotRead(read, endpoints.length) };
  const { value, block, sources } = read.reading;
  const evidence: Evidence = { kind: 'checked', blockNumber: block.number, sources };
  return { kind: 'read', events: value, evidence };
}

/** Returns the reading that showed the own entry in the list, at the place that was told. */
export function entryIn(about: AboutState, leafIndex: number | undefined): Checked | undefined {
  if (about.kind !== 'read' || about.evidence.kind !== 'checked') return undefined;
  const last = about.events.at(-1);
  return last?.kind === 'joined' && last.leafIndex === leafIndex ? about.evidence : undefined;
}

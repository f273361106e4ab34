import type { MessageKey } from '../../messages/catalogue.ts';
import { codeOf, textOf } from '../../service/problems.ts';
import type { ServiceStanding } from '../deployment/deployment.ts';
import type { ListProblem } from './network.ts';

/** Text for each address that is not taken into a list. */
export const LIST_TEXTS = {
  'not-an-address': 'address.not-an-address',
  'not-encrypted': 'address.not-encrypted',
  'has-credentials': 'address.has-credentials',
  'known-already': 'address.known-already',
  'too-many': 'address.too-many',
} as const satisfies Record<ListProblem, MessageKey>;

/** Returns the text for the standing of a service. */
export function standingText(standing: ServiceStanding): MessageKey {
  switch (standing.kind) {
    case 'trusted':
      return 'standing.trusted';
    case 'other-deployment':
      return 'standing.other';
    case 'senseless':
      return 'standing.senseless';
    case 'silent':
      return textOf(standing.failure);
  }
}

/** Returns the code for the standing of a service. */
export function standingCode(standing: ServiceStanding): string {
  return standing.kind === 'silent' ? codeOf(standing.failure) : standing.kind;
}

/** States that the pages of an opened identity show. */

import type { Payment } from '../chain/payments.ts';
import type { PackageTask } from './custody/deed.svelte.ts';
import type { Change } from './money/replacing.ts';
import type { Evidence, NotChecked } from './present/present.ts';

/** Page over the home page. */
export type MemberPage =
  | { kind: 'home' }
  | { kind: 'visit' }
  | { kind: 'recovery' }
  | { kind: 'code' }
  | { kind: 'payment'; nullifierHash: string }
  /** Checks of a payment, or of the place in the list alone. */
  | { kind: 'check'; nullifierHash?: string }
  | { kind: 'money' }
  | { kind: 'receiving' }
  | { kind: 'about' }
  | { kind: 'package'; nonce: string; task: PackageTask }
  | { kind: 'send' }
  | { kind: 'export' }
  | { kind: 'transfer'; id: string }
  | { kind: 'replace'; id: string; change: Change }
  | { kind: 'own-claim'; nullifierHash: string }
  | { kind: 'services' }
  | { kind: 'endpoints' };

/** Money as it was read from the chain. */
export type MoneyState =
  | { kind: 'reading' }
  | { kind: 'not-read'; why: NotChecked }
  | { kind: 'wallet'; code: string }
  | { kind: 'read'; payments: readonly Payment[]; evidence: Evidence };

/** Balance, which is read only when the person asks for it. */
export type BalanceState =
  | { kind: 'not-asked' }
  | { kind: 'reading' }
  | { kind: 'not-read'; why: NotChecked }
  | { kind: 'read'; balance: bigint };

/** Part of the app that holds claims and the place in the list against the chain, and reads events. */
export type Checker = Pick<
  typeof import('./check/check.ts'),
  'canChange' | 'checkClaim' | 'checkPlace'
> &
  Pick<typeof import('./about/about.ts'), 'entryIn' | 'readAbout'>;

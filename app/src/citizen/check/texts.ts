import type { MessageKey } from '../../messages/catalogue.ts';
import type { CheckName, CheckReason, CheckResult } from './check.ts';

/** Text for what a check is about. */
export const NAME_TEXTS = {
  root: 'verify.root',
  receipt: 'verify.receipt',
  payment: 'verify.payment',
} as const satisfies Record<CheckName, MessageKey>;

/** Text for each verdict. */
export const VERDICT_TEXTS = {
  pass: 'verify.pass',
  fail: 'verify.fail',
  'not-checked': 'verify.not-checked',
} as const satisfies Record<CheckResult['verdict'], MessageKey>;

/** Text for each reason. */
export const REASON_TEXTS = {
  'no-endpoint': 'verify.no-endpoint',
  'no-answer': 'verify.no-answer',
  disagreement: 'verify.disagreement',
  'root-same': 'verify.root-same',
  'root-other': 'verify.root-other',
  'no-receipt': 'verify.no-receipt',
  'receipt-kept': 'verify.receipt-kept',
  'receipt-late': 'verify.receipt-late',
  'receipt-broken': 'verify.receipt-broken',
  'receipt-open': 'verify.receipt-open',
  'payment-right': 'verify.payment-right',
  'payment-other-recipient': 'verify.payment-other-recipient',
  'payment-other-amount': 'verify.payment-other-amount',
  'payment-none-yet': 'verify.payment-none-yet',
  'payment-none': 'verify.payment-none',
} as const satisfies Record<CheckReason, MessageKey>;

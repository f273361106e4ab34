import type { MessageKey } from '../../messages/catalogue.ts';
import { VERDICT_ON_PROMISE_TEXTS } from '../receipt/texts.ts';
import type { CheckName, CheckReason, CheckResult } from './check.ts';

/** Text for what a check is about. */
export const NAME_TEXTS = {
  inclusion: 'verify.inclusion',
  root: 'verify.root',
  receipt: 'verify.receipt',
  payment: 'verify.payment',
} as const satisfies Record<CheckName, MessageKey>;

/** Reasons for which a promise is not held against its service, though nothing was paid. */
export const EXCUSES: readonly CheckReason[] = ['receipt-excused', 'receipt-refused'];

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
  'part-missing': 'failure.page-missing',
  'inclusion-shown': 'verify.inclusion-shown',
  'inclusion-other-root': 'verify.inclusion-other-root',
  'inclusion-too-few-leaves': 'verify.inclusion-too-few',
  'inclusion-absent': 'verify.inclusion-absent',
  'inclusion-no-list': 'verify.inclusion-no-list',
  'inclusion-too-early': 'verify.inclusion-too-early',
  'root-same': 'verify.root-same',
  'root-other': 'verify.root-other',
  'no-receipt': 'verify.no-receipt',
  'receipt-unsigned': 'verify.receipt-unsigned',
  'receipt-kept': VERDICT_ON_PROMISE_TEXTS.kept,
  'receipt-open': VERDICT_ON_PROMISE_TEXTS.open,
  'receipt-late': VERDICT_ON_PROMISE_TEXTS.late,
  'receipt-paid-otherwise': VERDICT_ON_PROMISE_TEXTS['paid-otherwise'],
  'receipt-excused': VERDICT_ON_PROMISE_TEXTS.excused,
  'receipt-refused': VERDICT_ON_PROMISE_TEXTS.refused,
  'receipt-broken': VERDICT_ON_PROMISE_TEXTS.broken,
  'payment-right': 'verify.payment-right',
  'payment-other-recipient': 'verify.payment-other-recipient',
  'payment-other-amount': 'verify.payment-other-amount',
  'payment-none-yet': 'verify.payment-none-yet',
  'payment-none': 'verify.payment-none',
} as const satisfies Record<CheckReason, MessageKey>;

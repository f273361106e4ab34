import type { MessageKey } from '../../messages/catalogue.ts';
import type { PinProblem, WalletFailure } from '../../wallet/index.ts';

/** Failure that has a page of its own: one of the wallet, or pages that could not be loaded. */
export type AppFailure = WalletFailure | { code: 'page-missing' };

/** Text for each failure: the event, its meaning, and the next step. */
export const FAILURE_TEXTS = {
  exists: 'failure.exists',
  absent: 'failure.absent',
  locked: 'failure.locked',
  'no-passkey': 'failure.passkey',
  'passkey-refused': 'failure.passkey',
  'pin-refused': 'pin.too-simple',
  'wrong-pin': 'confirm.wrong',
  'must-wait': 'confirm.wait-title',
  'device-key-lost': 'failure.device-key-lost',
  damaged: 'failure.damaged',
  'other-version': 'failure.other-version',
  'card-refused': 'words.checksum',
  'not-asked': 'failure.locked',
  'copy-refused': 'copy.different-text',
  'other-deployment': 'stop.other-deployment',
  'no-deployment': 'failure.no-deployment',
  'package-refused': 'custody.damaged',
  'no-package': 'custody.no-package',
  'custody-missing': 'failure.page-missing',
  'not-understood': 'failure.internal',
  'foreign-root': 'stop.other-root',
  'files-missing': 'failure.files-missing',
  'files-damaged': 'failure.files-damaged',
  'module-missing': 'failure.module-missing',
  'signing-missing': 'failure.signing-missing',
  'page-missing': 'failure.page-missing',
  'storage-failed': 'failure.storage',
  internal: 'failure.internal',
} as const satisfies Record<AppFailure['code'], MessageKey>;

/** Text for each PIN that is not taken. */
export const PIN_TEXTS = {
  'not-digits': 'pin.not-digits',
  'too-short': 'pin.too-short',
  'too-long': 'pin.too-long',
  'too-simple': 'pin.too-simple',
} as const satisfies Record<PinProblem, MessageKey>;

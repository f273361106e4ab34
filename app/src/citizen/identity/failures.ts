import type { MessageKey } from '../../messages/catalogue.ts';
import type { PinProblem, WalletFailure } from '../../wallet/index.ts';

/** Text for each failure of the wallet: the event, its meaning, and the next step. */
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
  'not-understood': 'failure.internal',
  'foreign-root': 'stop.other-root',
  'files-missing': 'failure.files-missing',
  'files-damaged': 'failure.files-damaged',
  'storage-failed': 'failure.storage',
  internal: 'failure.internal',
} as const satisfies Record<WalletFailure['code'], MessageKey>;

/** Text for each PIN that is not taken. */
export const PIN_TEXTS = {
  'not-digits': 'pin.not-digits',
  'too-short': 'pin.too-short',
  'too-long': 'pin.too-long',
  'too-simple': 'pin.too-simple',
} as const satisfies Record<PinProblem, MessageKey>;

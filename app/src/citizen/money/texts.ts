import { localeOf, type MessageKey } from '../../messages/catalogue.ts';
import { currentLanguage } from '../../messages/current.svelte.ts';
import type { RecipientProblem } from './address.ts';
import type { AmountProblem } from './plan.ts';
import type { Transfer, TransferState } from './transfer.ts';

/** Text for each address that money is not sent to. */
export const RECIPIENT_TEXTS = {
  'not-an-address': 'recipient.not-an-address',
  checksum: 'recipient.checksum',
  'loses-money': 'problem.bad-recipient',
} as const satisfies Record<RecipientProblem, MessageKey>;

/** Text for each amount that is not sent. */
export const AMOUNT_TEXTS = {
  'not-an-amount': 'send.not-an-amount',
  'too-fine': 'send.too-fine',
  zero: 'send.zero',
} as const satisfies Record<AmountProblem, MessageKey>;

/** Title of a transfer by its purpose. */
export const TRANSFER_TITLES = {
  send: 'send.title',
  sweep: 'sweep.title',
  claim: 'transfer.claim',
} as const satisfies Record<Transfer['purpose'], MessageKey>;

/** Returns the texts for the state of a transfer: in a few words, and what it means. */
export function transferTexts(state: TransferState): { short: MessageKey; long: MessageKey } {
  switch (state.kind) {
    case 'sending':
      return { short: 'transfer.sending', long: 'transfer.sending-text' };
    case 'mined':
      return { short: 'transfer.mined', long: 'transfer.mined-text' };
    case 'final':
      return { short: 'transfer.final', long: 'transfer.final-text' };
    case 'failed':
      return {
        short: 'transfer.failed',
        long: state.why === 'reverted' ? 'transfer.reverted' : 'transfer.overtaken',
      };
  }
}

/** Writes dates as a list in words. */
export function datesText(dates: readonly Date[]): string {
  const locale = localeOf(currentLanguage().code);
  const format = new Intl.DateTimeFormat(locale, { dateStyle: 'long' });
  const inOrder = [...dates].sort((a, b) => a.getTime() - b.getTime());
  return new Intl.ListFormat(locale).format(inOrder.map((it) => format.format(it)));
}

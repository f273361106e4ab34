import { dateFormat, localeOf, type MessageKey } from '../../messages/catalogue.ts';
import { currentLanguage } from '../../messages/current.svelte.ts';
import type { RecipientProblem } from './address.ts';
import type { SendPurpose } from './flow.ts';
import type { AmountProblem } from './plan.ts';
import type { TokenUnit } from '../../chain/contracts.ts';
import { amountText, exactCoinText } from './amounts.ts';
import { isCalledOff, type Transfer } from './transfer.ts';

/** Text for each address that money is not sent to. */
export const RECIPIENT_TEXTS = {
  'not-an-address': 'recipient.not-an-address',
  checksum: 'recipient.checksum',
  'loses-money': 'problem.bad-recipient',
} as const satisfies Record<RecipientProblem, MessageKey>;

/** Text for each amount that is not sent. */
export const AMOUNT_TEXTS = {
  'not-an-amount': 'send.not-an-amount',
  'two-readings': 'send.two-readings',
  'too-fine': 'send.too-fine',
  zero: 'send.zero',
} as const satisfies Record<AmountProblem, MessageKey>;

/** Text of the page that asks for the receiver. */
export const WHOM_TEXTS = {
  send: 'send.whom-text',
  sweep: 'sweep.text',
  coin: 'coin.whom-text',
} as const satisfies Record<SendPurpose, MessageKey>;

/** Title of a transfer by its purpose. */
export const TRANSFER_TITLES = {
  send: 'send.title',
  sweep: 'sweep.title',
  coin: 'coin.title',
  claim: 'transfer.claim',
} as const satisfies Record<Transfer['purpose'], MessageKey>;

/** Title of a transfer that the chain has taken. */
const DONE_TITLES = {
  send: 'send.done',
  sweep: 'sweep.done',
  coin: 'coin.done',
} as const satisfies Record<SendPurpose, MessageKey>;

/** Returns the title of a transfer that was sent, by what has become of it. */
export function titleOf({ purpose, state }: Transfer): MessageKey {
  if (purpose === 'claim') return 'transfer.claim';
  if (state.kind === 'sending') return 'send.sending';
  return state.kind === 'mined' || state.kind === 'final' ? DONE_TITLES[purpose] : 'transfer.title';
}

/** Returns the texts for the state of a transfer: in a few words, and what it means. */
export function transferTexts(transfer: Transfer): { short: MessageKey; long: MessageKey } {
  const { state } = transfer;
  switch (state.kind) {
    case 'sending':
      return isCalledOff(transfer)
        ? { short: 'transfer.cancelling', long: 'transfer.cancelling-text' }
        : { short: 'transfer.sending', long: 'transfer.sending-text' };
    case 'mined':
      return isCalledOff(transfer)
        ? { short: 'transfer.too-late-title', long: 'transfer.too-late' }
        : { short: 'transfer.mined', long: 'transfer.mined-text' };
    case 'final':
      return isCalledOff(transfer)
        ? { short: 'transfer.too-late-title', long: 'transfer.too-late' }
        : { short: 'transfer.final', long: 'transfer.final-text' };
    case 'cancelled':
      return { short: 'transfer.cancelled', long: 'transfer.cancelled-text' };
    case 'failed':
      return {
        short: 'transfer.failed',
        long: state.why === 'reverted' ? 'transfer.reverted' : 'transfer.overtaken',
      };
  }
}

/** Writes the amount of a transfer with its unit; none where the chain decides it. */
export function movedText({ purpose, amount }: Transfer, unit: TokenUnit | undefined) {
  if (amount === undefined) return undefined;
  return purpose === 'coin' ? exactCoinText(BigInt(amount)) : amountText(BigInt(amount), unit);
}

/** Writes dates as a list in words. */
export function datesText(dates: readonly Date[]): string {
  const locale = localeOf(currentLanguage().code);
  const format = dateFormat(locale, { dateStyle: 'long' });
  const inOrder = [...dates].sort((a, b) => a.getTime() - b.getTime());
  return new Intl.ListFormat(locale).format(inOrder.map((it) => format.format(it)));
}

import type { TokenUnit } from '../../chain/contracts.ts';
import { localeOf } from '../../messages/catalogue.ts';
import { currentLanguage, t } from '../../messages/current.svelte.ts';
import { COIN_DECIMALS } from './coin.ts';
import { decimalOf } from './money.ts';

/** Most decimal places that are shown; the table as a file has all of them. */
const SHOWN_DECIMALS = 6;

/** Writes an amount with its unit; where the unit was not read, in smallest units. */
export function amountText(units: bigint, unit: TokenUnit | undefined): string {
  if (!unit) return t('money.smallest', { amount: digitsOf(units) });
  const locale = localeOf(currentLanguage().code);
  const format = new Intl.NumberFormat(locale, { maximumFractionDigits: SHOWN_DECIMALS });
  const amount = format.format(decimalOf(units, unit.decimals) as `${number}`);
  return t('money.amount', { amount, unit: unit.symbol });
}

/** Writes a number of smallest units. */
export function digitsOf(units: bigint): string {
  return new Intl.NumberFormat(localeOf(currentLanguage().code)).format(units);
}

/** Digits of a cost that are shown, so that a small one is not shown as nothing. */
const COST_DIGITS = 3;

/** Writes an amount of the coin that pays for gas. */
export function coinText(wei: bigint): string {
  return t('send.coin', { amount: coinDigits(wei) });
}

/** Writes the digits of an amount of the coin that pays for gas. */
export function coinDigits(wei: bigint): string {
  const locale = localeOf(currentLanguage().code);
  const format = new Intl.NumberFormat(locale, {
    maximumSignificantDigits: COST_DIGITS,
    roundingMode: 'ceil',
  } as Intl.NumberFormatOptions);
  return format.format(decimalOf(wei, COIN_DECIMALS) as `${number}`);
}

/** Writes an amount of the chain's coin that is sent, with all its digits. */
export function exactCoinText(wei: bigint): string {
  return t('send.coin', { amount: exactCoinDigits(wei) });
}

/** Writes all digits of an amount of the chain's coin. */
export function exactCoinDigits(wei: bigint): string {
  const locale = localeOf(currentLanguage().code);
  const format = new Intl.NumberFormat(locale, { maximumFractionDigits: COIN_DECIMALS });
  return format.format(decimalOf(wei, COIN_DECIMALS) as `${number}`);
}

import type { WalletFailure } from './protocol.ts';

/** Error that ends a call of the wallet; it carries what the page is told and nothing else. */
export class WalletError extends Error {
  override readonly name = 'WalletError';

  constructor(readonly failure: WalletFailure) {
    super(failure.code);
  }
}

/** Throws the error of a failure. */
export function fail(failure: WalletFailure): never {
  throw new WalletError(failure);
}

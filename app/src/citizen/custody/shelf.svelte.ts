import { WalletRefusal, type KeptPackage } from '../../wallet/index.ts';
import { refusalCode } from '../ports.ts';
import type { CustodyContext, CustodyNews } from './custody.ts';

/** Packages as this device has them. */
export type ShelfState =
  | { kind: 'reading' }
  | { kind: 'wallet'; code: string }
  | { kind: 'read'; packages: readonly KeptPackage[]; news: readonly CustodyNews[] };

/** Packages of the person: what is here, and what is on its way. */
export class PackageShelf {
  state = $state.raw<ShelfState>({ kind: 'reading' });

  constructor(private readonly context: CustodyContext) {}

  /** Notes that an orb has read a code, and fetches what it sent home. */
  async take(nonce: string): Promise<void> {
    try {
      await this.context.wallet.call('takeVisit', { nonce });
    } catch (error) {
      this.state = { kind: 'wallet', code: refusalCode(error) };
      return;
    }
    void this.fetch();
  }

  /** Fetches what is missing. What is here is not decrypted for that. */
  async fetch(): Promise<readonly CustodyNews[] | undefined> {
    try {
      return await (await custodyCode()).workOnPackages(this.context);
    } catch (error) {
      this.state = { kind: 'wallet', code: refusalCode(error) };
      return undefined;
    }
  }

  /** Fetches what is missing, and reads what is here. */
  async work(): Promise<void> {
    const news = await this.fetch();
    if (!news) return;
    try {
      const { packages } = await this.context.wallet.call('packages', {});
      this.state = { kind: 'read', packages, news };
    } catch (error) {
      this.state = { kind: 'wallet', code: refusalCode(error) };
    }
  }

  /** Forgets what belongs to an open identity. */
  leave(): void {
    this.state = { kind: 'reading' };
  }
}

/** Loads the code that fetches packages: the first page does without. */
async function custodyCode() {
  return import('./custody.ts').catch(() => {
    throw new WalletRefusal({ code: 'custody-missing' });
  });
}

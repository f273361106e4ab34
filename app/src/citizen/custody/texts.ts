import type { MessageKey } from '../../messages/catalogue.ts';
import { codeOf, textOf } from '../../service/problems.ts';
import type { PackageProblem } from '../../wallet/index.ts';
import type { CustodyNews } from './custody.ts';

/** Text for each package that is not taken. */
export const PACKAGE_TEXTS = {
  damaged: 'custody.damaged',
  'not-for-this-visit': 'custody.not-for-this-visit',
  'other-visit': 'custody.other-visit',
  'unknown-model': 'custody.unknown-model',
  'not-what-was-signed': 'custody.not-what-was-signed',
} as const satisfies Record<PackageProblem, MessageKey>;

/** News as it is told: in a few words, in full, what goes on, and a code for helpers. */
export interface NewsTexts {
  kind: 'wait' | 'note' | 'bad';
  title: MessageKey;
  text: MessageKey;
  next: MessageKey;
  code: string;
}

/** Returns the texts of news about a package. */
export function newsTexts(news: CustodyNews): NewsTexts {
  switch (news.kind) {
    case 'not-there': {
      const { failure } = news;
      return {
        kind: 'wait',
        title: 'custody.not-there',
        text: textOf(failure),
        next: 'custody.asks-again',
        code: codeOf(failure),
      };
    }
    case 'refused':
      return {
        kind: 'bad',
        title: 'custody.refused',
        text: PACKAGE_TEXTS[news.problem],
        next: 'custody.asks-again',
        code: `package-${news.problem}`,
      };
    case 'not-confirmed': {
      const { failure } = news;
      return {
        kind: 'note',
        title: 'custody.not-confirmed',
        text: textOf(failure),
        next: 'custody.deletes-itself',
        code: codeOf(failure),
      };
    }
    case 'expired':
      return {
        kind: 'bad',
        title: 'custody.expired',
        text: 'custody.expired-text',
        next: 'custody.only-recovery',
        code: 'package-expired',
      };
  }
}

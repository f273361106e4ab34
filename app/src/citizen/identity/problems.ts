import { t } from '../../messages/current.svelte.ts';
import { CARD_WORDS, type CardProblem } from '../../wallet/index.ts';

/** Returns the text for a card that is not taken: the part that is wrong, and the next step. */
export function cardProblemText(problem: CardProblem): string {
  switch (problem.kind) {
    case 'count':
      return t('words.count', { count: problem.count, all: CARD_WORDS });
    case 'unknown-word':
      return t('words.unknown-word', { position: problem.position, word: problem.word });
    case 'checksum':
      return t('words.checksum');
    case 'not-a-card':
      return t('scan.other-code');
    case 'other-version':
      return t('card.other-version');
    case 'damaged':
      return t('card.damaged');
  }
}

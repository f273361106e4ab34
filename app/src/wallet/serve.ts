import { WalletError } from './failure.ts';
import type { FromWorker, ToWorker, WalletCalls, WalletFailure } from './protocol.ts';
import type { OnStep, Wallet } from './wallet.ts';

/** Answers one message of a page. Nothing but the failure's code leaves with an error. */
export async function serve(
  wallet: Wallet,
  message: ToWorker,
  send: (answer: FromWorker) => void,
): Promise<void> {
  const { id } = message;
  try {
    const onStep: OnStep = (step, done, total) => send({ id, kind: 'step', step, done, total });
    send({ id, kind: 'answer', answer: await answer(wallet, message, onStep) });
  } catch (error) {
    send({ id, kind: 'failure', failure: failureOf(error) });
  }
}

async function answer(
  wallet: Wallet,
  message: ToWorker,
  onStep: OnStep,
): Promise<WalletCalls[ToWorker['call']]['answer']> {
  switch (message.call) {
    case 'status':
      return wallet.status();
    case 'create':
      return wallet.create(message.request, onStep);
    case 'restore':
      return wallet.restore(message.request, onStep);
    case 'checkCard':
      return wallet.checkCard(message.request);
    case 'unlock':
      return wallet.unlock(message.request);
    case 'lock':
      return wallet.lock();
    case 'setPin':
      return wallet.setPin(message.request);
    case 'addPasskey':
      return wallet.addPasskey(message.request);
    case 'removePasskey':
      return wallet.removePasskey(message.request);
    case 'recoveryCard':
      return wallet.recoveryCard(message.request);
    case 'askCard':
      return wallet.askCard();
    case 'answerCard':
      return wallet.answerCard(message.request);
    case 'askCopy':
      return wallet.askCopy();
    case 'answerCopy':
      return wallet.answerCopy(message.request);
    case 'receiveCopy':
      return wallet.receiveCopy(message.request);
    case 'keepCopy':
      return wallet.keepCopy(message.request, onStep);
    case 'offerCopy':
      return wallet.offerCopy(message.request);
    case 'compareCopy':
      return wallet.compareCopy(message.request);
    case 'sealCopy':
      return wallet.sealCopy(message.request);
    case 'adopt':
      return wallet.adopt(message.request);
    case 'deployment':
      return wallet.deployment();
    case 'commitment':
      return wallet.commitment();
    case 'nullifierHashes':
      return wallet.nullifierHashes(message.request);
    case 'receiveAddress':
      return wallet.receiveAddress(message.request);
    case 'proveClaim':
      return wallet.proveClaim(message.request, onStep);
    case 'gasAddress':
      return wallet.gasAddress();
    case 'signAction':
      return wallet.signAction(message.request);
    case 'exportKey':
      return wallet.exportKey(message.request);
    case 'beginVisit':
      return wallet.beginVisit(message.request);
    case 'visitCode':
      return wallet.visitCode(message.request);
    case 'takeVisit':
      return wallet.takeVisit(message.request);
    case 'packageVisits':
      return wallet.packageVisits();
    case 'signPackageRequest':
      return wallet.signPackageRequest(message.request);
    case 'keepPackage':
      return wallet.keepPackage(message.request);
    case 'endPackageVisit':
      return wallet.endPackageVisit(message.request);
    case 'packages':
      return wallet.packages();
    case 'exportPackage':
      return wallet.exportPackage(message.request);
    case 'deletePackage':
      return wallet.deletePackage(message.request);
    case 'tileRange':
      return wallet.tileRange(message.request);
    case 'treePath':
      return wallet.treePath(message.request);
  }
}

/** Turns any error into what a page is told. */
export function failureOf(error: unknown): WalletFailure {
  if (error instanceof WalletError) return error.failure;
  if (error instanceof DOMException) {
    // The record came in another tab between the look and the write.
    return error.name === 'ConstraintError' ? { code: 'exists' } : { code: 'storage-failed' };
  }
  return { code: 'internal' };
}

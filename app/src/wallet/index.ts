/** The wallet as the rest of the app sees it: its messages, and the passkey's part of the page. */

export * from './protocol.ts';
export { startWallet, WalletClient, WalletRefusal, type Port, type StepReport } from './client.ts';
export {
  canUsePasskey,
  makePasskey,
  passkeyProof,
  PasskeyError,
  type PasskeyProblem,
} from './passkey.ts';

/** Receipts and refusals as files, in the form that `annona audit --receipt` reads. */

import type { ReceiptView, RefusalView } from '../../service/service.ts';

/** File to save. */
export interface StatementFile {
  name: string;
  text: string;
}

const fileOf = (name: string, fields: object): StatementFile => ({
  name,
  text: `${JSON.stringify(fields, undefined, 2)}\n`,
});

/** Writes a receipt, with its fields and no other. `number` counts the receipts of a claim from 1. */
export function receiptFile(receipt: ReceiptView, number: number): StatementFile {
  const { nullifierHash, epoch, recipient, feeRecipient, fee, root } = receipt;
  const { takenAt, deadline, signature } = receipt;
  const terms = { nullifierHash, epoch, recipient, feeRecipient, fee, root };
  return fileOf(`${nameOf(epoch, number)}.json`, { ...terms, takenAt, deadline, signature });
}

/** Writes a refusal, which `annona audit --refusal` reads. */
export function refusalFile(refusal: RefusalView, number: number): StatementFile {
  const { nullifierHash, epoch, recipient, feeRecipient, fee, root } = refusal;
  const { reason, blockNumber, blockTime, signature } = refusal;
  const terms = { nullifierHash, epoch, recipient, feeRecipient, fee, root };
  const fields = { ...terms, reason, blockNumber, blockTime, signature };
  return fileOf(`${nameOf(epoch, number)}.refusal.json`, fields);
}

const nameOf = (epoch: number, number: number) =>
  `annona-receipt-${epoch}${number > 1 ? `-${number}` : ''}`;

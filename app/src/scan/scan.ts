/** States of a scan: the camera looks for a code, or a picture that was chosen is read. */

/** Reason for which the camera does not look. A picture can be chosen all the same. */
export type CameraProblem = 'refused' | 'none' | 'busy' | 'no-reader';

/** Outcome of the last picture, when it was not the code that is looked for. */
export type ScanHint = 'other-code' | 'no-code' | 'no-picture';

/** State of a scan. */
export type ScanState =
  | { kind: 'starting'; hint?: ScanHint }
  | { kind: 'looking'; hint?: ScanHint }
  | { kind: 'no-camera'; why: CameraProblem; hint?: ScanHint };

/** Returns the reason for which a camera did not start. */
export function cameraProblemOf(error: unknown): CameraProblem {
  switch (error instanceof Error ? error.name : '') {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'refused';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    default:
      return 'none';
  }
}

/** Chooses the code that is looked for among those of a picture. */
export function chooseCode(
  texts: readonly string[],
  accepts: (text: string) => boolean,
): { text: string } | { hint: 'other-code' | 'no-code' } {
  const text = texts.find(accepts);
  if (text !== undefined) return { text };
  return { hint: texts.length > 0 ? 'other-code' : 'no-code' };
}

/** Problem with a code that was seen, told by whoever has read it. */
export interface CodeProblem {
  text: string;
  /** Code of the failure, for whoever helps. */
  code: string;
}

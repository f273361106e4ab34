/** Time of the chain as it was read, tied to the device's monotonic clock and to no other. */
export interface ChainClock {
  /** Timestamp of the block that was read, Unix seconds. */
  chainTime: number;
  /** Value of `performance.now()` when it was read. */
  readAtMs: number;
}

/** Returns the time of the chain now: the block's, and what has passed on this device since. */
export function chainNow({ chainTime, readAtMs }: ChainClock, monotonicMs: number): number {
  return chainTime + Math.floor(Math.max(0, monotonicMs - readAtMs) / 1_000);
}

/** Duration in the parts that a person is told. */
export interface DurationParts {
  days: number;
  hours: number;
  minutes: number;
  seconds: number;
}

/** Splits seconds into days, hours, minutes and seconds. */
export function partsOf(secs: number): DurationParts {
  const left = Math.max(0, Math.floor(secs));
  return {
    days: Math.floor(left / 86_400),
    hours: Math.floor(left / 3_600) % 24,
    minutes: Math.floor(left / 60) % 60,
    seconds: left % 60,
  };
}

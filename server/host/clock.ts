/**
 * Time and chance as ports. Nothing below `main` and `rpc` calls `Date.now`, `setTimeout` or
 * `Math.random`: a world hands in its own clock and its own random numbers, so that one seed gives
 * one run.
 */

export interface Timer {
  /** Ends the timer; its function will not be called any more. Safe to call twice. */
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since the Unix epoch (of the world's own time where it is simulated). */
  nowMs(): number;
  /** Calls `run` once, `delayMs` from now. */
  after(delayMs: number, run: () => void): Timer;
}

export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** A whole number in [0, bound). */
  below(bound: number): number;
}

/** Resolves after `delayMs`; rejects with the signal's reason when it is aborted first. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const onAbort = () => {
      timer.cancel();
      reject(signal!.reason as Error);
    };
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

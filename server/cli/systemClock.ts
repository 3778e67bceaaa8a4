/** The machine's own time and chance: what `main` hands in where nothing is simulated. */
import { randomInt } from 'node:crypto';
import type { Clock, Random } from '../host/clock';

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after: (delayMs, run) => {
    const timeout = setTimeout(run, delayMs);
    return { cancel: () => clearTimeout(timeout) };
  },
};

export const systemRandom: Random = {
  next: () => Math.random(),
  below: (bound) => randomInt(bound),
};

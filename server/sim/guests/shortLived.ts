/** Guests that do not stay: one that crashes after some minutes, one that finishes its work. */
import type { GuestScript } from '../toolstack/config';
import { alpine, linuxGuest } from './linux';

const minuteMs = 60_000;

export const crashingGuest: GuestScript = async (domain, surroundings) => {
  await linuxGuest(alpine)(domain, surroundings);
  await domain.sleep(2 * minuteMs, 5 * minuteMs);
  const lastWords = 'Kernel panic - not syncing: Fatal exception in interrupt';
  domain.print(lastWords);
  await domain.sleep(100);
  throw new Error(lastWords);
};

export const workerGuest: GuestScript = async (domain, surroundings) => {
  await linuxGuest(alpine)(domain, surroundings);
  await domain.sleep(1 * minuteMs, 3 * minuteMs);
  domain.shutdown('poweroff');
};

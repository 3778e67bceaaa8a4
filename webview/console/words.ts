/** What every console says of bytes that pass. */
import { grouped, rateText } from '../rings/numbers';
import type { Rate } from './rates';

export type Way = 'sent' | 'received';

export function bytesText(count: number): string {
  return count === 1 ? '1 byte' : `${grouped(count)} bytes`;
}

/** `2 writes`. */
export function timesText(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${grouped(count)} ${what}s`;
}

/** `1.2 kB/s in 3 writes/s`. */
export function rateLine({ bytesPerSecond, messagesPerSecond }: Rate, what: 'write' | 'read'): string {
  const often =
    messagesPerSecond >= 9.95 ? Math.round(messagesPerSecond) : Number(messagesPerSecond.toFixed(1));
  return `${rateText(bytesPerSecond)} in ${often} ${often === 1 ? what : `${what}s`}/s`;
}

/** By a person's clock: `18:40:02.123`. */
export function timeText(timeMs: number): string {
  const time = new Date(timeMs);
  const two = (part: number) => String(part).padStart(2, '0');
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':');
  return `${clock}.${String(time.getMilliseconds()).padStart(3, '0')}`;
}

/** What the page of a vchan says in words. */
import type { VchanRingLevel, VchanState } from '../../server/rpc/api';
import { grouped, percent, rateText } from '../rings/numbers';
import type { Rate } from './rates';

export function bytesText(count: number): string {
  return count === 1 ? '1 byte' : `${grouped(count)} bytes`;
}

/** `312 of 1,024 bytes, 30 %`. */
export function levelText({ sizeBytes, usedBytes }: VchanRingLevel): string {
  if (usedBytes === undefined) return `the indices of this ring of ${bytesText(sizeBytes)} cannot be`;
  return `${grouped(usedBytes)} of ${bytesText(sizeBytes)}, ${percent(usedBytes, sizeBytes)} %`;
}

export function wayTitle(way: 'sent' | 'received', level: VchanRingLevel | undefined, peer: string): string {
  const ring = level && ` (${level.name})`;
  return way === 'sent' ? `To ${peer}${ring ?? ''}` : `From ${peer}${ring ?? ''}`;
}

/** `1.2 kB/s in 3 writes/s`. */
export function rateLine({ bytesPerSecond, messagesPerSecond }: Rate, way: 'sent' | 'received'): string {
  const often =
    messagesPerSecond >= 9.95 ? Math.round(messagesPerSecond) : Number(messagesPerSecond.toFixed(1));
  const what = way === 'sent' ? 'write' : 'read';
  return `${rateText(bytesPerSecond)} in ${often} ${often === 1 ? what : `${what}s`}/s`;
}

/** `13 bytes in 2 writes`. */
export function countLine({ sent, received, droppedBytes }: VchanState, way: 'sent' | 'received'): string {
  const { bytes, messages } = way === 'sent' ? sent : received;
  const what = way === 'sent' ? 'write' : 'read';
  const line = `${bytesText(bytes)} in ${messages === 1 ? `1 ${what}` : `${grouped(messages)} ${what}s`}`;
  return way === 'received' && droppedBytes > 0 ? `${line}; ${bytesText(droppedBytes)} left out` : line;
}

/** By a person's clock: `18:40:02.123`. */
export function timeText(timeMs: number): string {
  const time = new Date(timeMs);
  const two = (part: number) => String(part).padStart(2, '0');
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':');
  return `${clock}.${String(time.getMilliseconds()).padStart(3, '0')}`;
}

export const explanation = [
  'This is one end of a vchan, driven by hand: a channel between two domains over memory that both share, with a stream of bytes in each direction and a doorbell.',
  'What you send lies in one ring until the other side reads it; what it writes lies in the other until it is read here. Stop Reading leaves it there: when the ring is full, the other side has to wait.',
  'Close leaves in order: what was written can still be read, and no node, page or doorbell stays behind. Abort, in the simulator, ends this end as a crash would.',
  'A vchan has no messages: how the bytes are cut here is how they were written or read, and nothing that the other side agreed to.',
];

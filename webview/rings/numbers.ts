/** Numbers as a person reads them, and raw beside that. */
import type { RingDirectionState } from '../../server/rpc/api';

export function hex32(value: number): string {
  return `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
}

export function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Rounded, but never 0 while something is there, and never 100 while something is free. */
export function percent(used: number, size: number): number {
  if (used <= 0) return 0;
  if (used >= size) return 100;
  return Math.min(99, Math.max(1, Math.round((used * 100) / size)));
}

/** Whether the indices say what waits. */
export function isReadable({ insane, unknown }: Pick<RingDirectionState, 'insane' | 'unknown'>): boolean {
  return !insane && !unknown;
}

/** `312 of 1,024 bytes, 30 %`, or why the indices do not say it. */
export function occupancyText(direction: RingDirectionState): string {
  const { usedBytes, sizeBytes, insane, unknown } = direction;
  if (unknown) return 'what waits is unknown until the ring is connected anew';
  if (insane) {
    return `indices ${grouped(distance(direction))} bytes apart in a ring of ${grouped(sizeBytes)}`;
  }
  return `${grouped(usedBytes)} of ${grouped(sizeBytes)} bytes, ${percent(usedBytes, sizeBytes)} %`;
}

/** The index words as they stand in the page. */
export function rawIndices({ name, prod, cons }: RingDirectionState): string {
  return `${name}_prod ${hex32(prod)}, ${name}_cons ${hex32(cons)}`;
}

/** How far the producer is ahead, modulo 2^32. */
export function distance({ prod, cons }: RingDirectionState): number {
  return (prod - cons) >>> 0;
}

/** `0 B/s`, `812 B/s`, `1.2 kB/s`, `34 MB/s`. */
export function rateText(bytesPerSecond: number): string {
  let value = Math.max(0, bytesPerSecond);
  for (const unit of ['B/s', 'kB/s', 'MB/s']) {
    if (value < 999.5)
      return `${value < 9.95 && unit !== 'B/s' ? value.toFixed(1) : Math.round(value)} ${unit}`;
    value /= 1000;
  }
  return `${value.toFixed(1)} GB/s`;
}

/** `1.2 kB/s`; of a vchan, which is a stream, `1.2 kB/s in at least 12 writes/s`: one look may find what several left. */
export function writeRateText({
  producedPerSecond,
  writesPerSecond = 0,
}: Pick<RingDirectionState, 'producedPerSecond' | 'writesPerSecond'>): string {
  const rate = rateText(producedPerSecond);
  if (writesPerSecond === 0) return rate;
  return `${rate} in at least ${grouped(writesPerSecond)} ${writesPerSecond === 1 ? 'write' : 'writes'}/s`;
}

/** `+0 ms`, `+12.3 ms`, `+2.50 s`. */
export function elapsedText(ms: number): string {
  return ms < 1000 ? `+${Number.isInteger(ms) ? ms : ms.toFixed(1)} ms` : `+${(ms / 1000).toFixed(2)} s`;
}

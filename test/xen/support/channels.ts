/** Event channels of dom0 as Xen knows them, and what this process maps. */
import { readFileSync } from 'node:fs';
import { eventually, output } from './dom0';

/** One line for each that is bound. */
export function channels(): Promise<string> {
  return output('lsevtchn', '0');
}

/** Pages of others that this process has mapped, in pieces. */
export function mappings(): number {
  return readFileSync('/proc/self/maps', 'utf8').match(/\/dev\/xen\/gntdev/g)?.length ?? 0;
}

/** The ports of the channels that were not there `before`, as soon as there are any. */
export function newChannels(before: string): Promise<number[]> {
  const known = new Set(before.split('\n'));
  return eventually(async () => {
    const lines = (await channels()).split('\n').filter((line) => !known.has(line));
    return lines.length > 0 && lines.map((line) => Number.parseInt(line, 10));
  });
}

const stillLooks = 5;

/**
 * Resolves when a backend stands still for good: `moved` bytes have come and no more do, while one of its channels
 * stays masked, so that no event is heard there any more. Answers how many came.
 */
export async function standsStill(
  ports: readonly number[],
  moved: () => number | Promise<number>,
): Promise<number> {
  let last = 0;
  let looks = 0;
  await eventually(async () => {
    const now = await moved();
    const isStuck = now > 0 && now === last && (await isMasked(ports));
    looks = isStuck ? looks + 1 : 0;
    last = now;
    return looks === stillLooks;
  });
  return last;
}

async function isMasked(ports: readonly number[]): Promise<boolean> {
  await output('xl', 'debug-keys', 'e');
  const told = (await output('xl', 'dmesg')).split('Event channel information for domain 0:').at(-1)!;
  return ports.some((port) => new RegExp(`\\s${port} \\[[01]/1/`).test(told));
}

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

/** The port of the first channel that was not there `before`, as soon as there is one. */
export async function newChannel(before: string): Promise<number> {
  const known = new Set(before.split('\n'));
  const line = await eventually(async () => (await channels()).split('\n').find((one) => !known.has(one)));
  return Number.parseInt(line, 10);
}

const stillLooks = 10;

/**
 * Resolves when a backend stands still for good: `moved` bytes have come and no more do, while the event that
 * would make it go on is pending at the channel, and masked. Answers how many came.
 */
export async function standsStill(port: number, moved: () => Promise<number>): Promise<number> {
  let last = 0;
  for (let looks = 0; looks < stillLooks;) {
    const now = await moved();
    const isStuck = now > 0 && now === last && (await isPendingAndMasked(port));
    looks = isStuck ? looks + 1 : 0;
    last = now;
  }
  return last;
}

async function isPendingAndMasked(port: number): Promise<boolean> {
  await output('xl', 'debug-keys', 'e');
  const told = (await output('xl', 'dmesg')).split('Event channel information for domain 0:').at(-1)!;
  return new RegExp(`\\s${port} \\[1/1/`).test(told);
}

/** Those who claim something for as long as they run, by their process: its number comes again, with another start. */
import { readFileSync } from 'node:fs';
import type { Claimants } from '../pvcalls/servingClaim';

const ours = new Set<string>();
let joined = 0;

export const processClaimants: Claimants = {
  join() {
    const name = `${process.pid} ${startOf(process.pid) ?? '-'} ${++joined}`;
    ours.add(name);
    return name;
  },
  isThere(name) {
    const [, pid, start] = /^([1-9][0-9]{0,9}) ([0-9]+|-) [0-9]+$/.exec(name) ?? [];
    if (pid === undefined) return false;
    if (Number(pid) === process.pid) return ours.has(name);
    return start === '-' ? runs(Number(pid)) : startOf(Number(pid)) === start;
  },
  leave: (name) => void ours.delete(name),
};

/** In ticks since the machine began; undefined where there is no such process, or no /proc. */
function startOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is a name in parentheses, of any characters; the start is the 22nd.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

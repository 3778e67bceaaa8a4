/** dom0's own disk as a guest is given it, to read: with Node, the programs of Xen and their libraries on it. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync } from 'node:fs';
import path from 'node:path';

export function guestDisk(name = 'xvda'): string {
  return [
    'format=raw',
    `vdev=${name}`,
    'access=r',
    'backendtype=phy',
    'script=/machine/guest-disk',
    'target=/dev/vda',
  ].join(',');
}

/** Of a guest that has it. */
export const diskSettings: readonly string[] = ['memory = 192', `disk = ["${guestDisk()}"]`];

/** On dom0's disk, where it has nothing else to do. */
export const guestFolder = '/side';

/** Puts a program with koffi where guests find it, before the first of them is made. Answers its path. */
export function bringToGuests(program: string, name = path.basename(program)): string {
  const there = path.join(guestFolder, name);
  copyFileSync(program, there);
  cpSync('/xenscope/node_modules', path.join(guestFolder, 'node_modules'), { recursive: true });
  // A guest reads the disk itself, past whatever dom0 has not written yet.
  execFileSync('sync');
  return there;
}

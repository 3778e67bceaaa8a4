/**
 * A folder of this process only, which does not outlive it for long: it holds a locked file, the
 * system drops the lock when the process dies, and whoever makes the next folder removes those that
 * nobody has locked. Unlike process numbers, locks mean the same in every container.
 */
import { closeSync, existsSync, lstatSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { XenscopeError } from '../server/host/errors';
import { loadLibc } from './libc';

const prefix = 'xenscope-';
const lockName = 'lock';
/** Somebody else's sweep may take a new folder away before it is locked; hardly ever, and not often in a row. */
const attempts = 5;

/** How to remove each folder that this process has now. */
const ours = new Set<() => void>();

export interface PrivateFolder {
  readonly path: string;
  /** Removes it with all that is in it. Safe to call twice. */
  remove(): void;
}

export function makePrivateFolder(parent: string): PrivateFolder {
  sweep(parent);
  for (let attempt = 0; attempt < attempts; attempt++) {
    const folder = makeFolder(parent);
    const fd = lockOf(folder, 'wx');
    if (fd === undefined) continue;
    const remove = () => {
      if (!ours.delete(remove)) return;
      rmSync(folder, { recursive: true, force: true });
      closeSync(fd);
    };
    process.off('exit', removeAll).once('exit', removeAll);
    ours.add(remove);
    return { path: folder, remove };
  }
  throw new XenscopeError('unsupported', `No private folder can be kept in ${parent}.`, {
    wayOut: 'Something removes new folders there; see what it is.',
  });
}

/** The process ends: a sweep need not come for these. */
function removeAll(): void {
  for (const remove of [...ours]) remove();
}

/** Removes what processes of this user left behind that are dead. */
export function sweep(parent: string): void {
  for (const name of readdirSync(parent).filter((name) => name.startsWith(prefix))) {
    const folder = path.join(parent, name);
    const fd = isOurs(folder) ? lockOf(folder, 'r+') : undefined;
    if (fd === undefined) continue;
    rmSync(folder, { recursive: true, force: true });
    closeSync(fd);
  }
}

function makeFolder(parent: string): string {
  try {
    // mkdtemp makes it 0700 whatever the umask says.
    return mkdtempSync(path.join(parent, prefix));
  } catch (error) {
    throw new XenscopeError('unsupported', `No folder can be made in ${parent}.`, {
      cause: error,
      wayOut: 'The simulator works without; other processes cannot join its pages then.',
    });
  }
}

/** A link or somebody else's folder is left alone, whatever its name. */
function isOurs(folder: string): boolean {
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  return stat !== undefined && stat.isDirectory() && stat.uid === process.getuid?.();
}

/** The open lock file if the lock is ours now; undefined when somebody has it, or the folder is gone. */
function lockOf(folder: string, flags: 'wx' | 'r+'): number | undefined {
  const file = path.join(folder, lockName);
  let fd: number;
  try {
    fd = openSync(file, flags, 0o600);
  } catch {
    return undefined;
  }
  if (loadLibc().tryLock(fd) && existsSync(file)) return fd;
  closeSync(fd);
  return undefined;
}

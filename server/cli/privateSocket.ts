/**
 * Where a simulator listens: sockets that only this user can reach, in a folder that goes with the
 * process. After a kill the folder stays, and the next one that is made takes it away.
 */
import { randomBytes } from 'node:crypto';
import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

const prefix = 'xenscope-';
const socketName = 'socket';
export const GUEST_SOCKET_NAME = 'guests';
/** Those of a world: its store, who joins it, and the store as each joined domain has it. */
const ourSocket = /^(socket|guests|store-[0-9]+)$/;
/** Longer than anybody takes from making the folder to listening there. */
const startMs = 60_000;

export interface PrivateSocket {
  readonly path: string;
  /** For programs that join as guests; undefined where none can. */
  readonly guestPath: string | undefined;
  /** Safe to call twice. */
  remove(): void;
}

export async function privateSocket(
  parent = usualParent(),
  platform: NodeJS.Platform = process.platform,
): Promise<PrivateSocket> {
  // Windows knows no sockets in folders, and its pipes go with the process.
  if (platform === 'win32') {
    const pipe = `\\\\.\\pipe\\${prefix}${randomBytes(16).toString('hex')}`;
    return { path: pipe, guestPath: undefined, remove: () => undefined };
  }
  // mkdtemp makes it 0700, whatever the umask says.
  const folder = mkdtempSync(path.join(parent, prefix));
  const remove = () => {
    rmSync(folder, { recursive: true, force: true });
    process.off('exit', remove);
  };
  process.on('exit', remove);
  await sweep(parent, lstatSync(folder).mtimeMs - startMs);
  const [socket, guests] = [socketName, GUEST_SOCKET_NAME].map((name) => path.join(folder, name));
  return { path: socket!, guestPath: guests, remove };
}

function usualParent(): string {
  return process.env['XDG_RUNTIME_DIR'] || tmpdir();
}

/** All such folders of this user, of running processes and of those that were killed. */
export function privateFolders(parent = usualParent()): string[] {
  return readdirSync(parent)
    .filter((name) => name.startsWith(prefix))
    .map((name) => path.join(parent, name))
    .filter((folder) => isOurs(lstatSync(folder, { throwIfNoEntry: false })));
}

function isOurs(found: Stats | undefined): boolean {
  return found !== undefined && found.isDirectory() && found.uid === process.getuid?.();
}

/** Removes what this user's processes left behind, where nobody listens any more. */
async function sweep(parent: string, olderThanMs: number): Promise<void> {
  const folders = readdirSync(parent)
    .filter((name) => name.startsWith(prefix))
    .map((name) => path.join(parent, name));
  await Promise.all(
    folders.map(async (folder) => {
      try {
        if (await isLeftBehind(folder, olderThanMs)) rmSync(folder, { recursive: true, force: true });
      } catch {
        // Somebody else was quicker, or it is none of ours: it may stay.
      }
    }),
  );
}

/** A link, somebody else's folder, and one that holds anything else than our sockets are left alone. */
async function isLeftBehind(folder: string, olderThanMs: number): Promise<boolean> {
  const found = lstatSync(folder);
  if (!isOurs(found) || found.mtimeMs > olderThanMs) return false;
  const names = readdirSync(folder);
  const sockets = names.map((name) => path.join(folder, name));
  const areOurs = names.every((name, at) => ourSocket.test(name) && lstatSync(sockets[at]!).isSocket());
  return areOurs && (await Promise.all(sockets.map(isDead))).every(Boolean);
}

/** Whether nobody listens there any more. */
export function isDead(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socketPath);
    const done = (answer: boolean): void => {
      probe.destroy();
      resolve(answer);
    };
    probe.once('connect', () => done(false));
    probe.once('error', ({ code }: NodeJS.ErrnoException) => done(code === 'ECONNREFUSED'));
  });
}

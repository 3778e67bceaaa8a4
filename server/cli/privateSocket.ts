/**
 * Where a simulator's store listens: a socket that only this user can reach, whose folder goes with the
 * process. After a kill the folder stays, and the next one that is made takes it away.
 */
import { randomBytes } from 'node:crypto';
import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

const prefix = 'xenscope-';
const socketName = 'socket';
/** Longer than anybody takes from making the folder to listening there. */
const startMs = 60_000;

export interface PrivateSocket {
  readonly path: string;
  /** Safe to call twice. */
  remove(): void;
}

export async function privateSocket(
  parent = process.env['XDG_RUNTIME_DIR'] || tmpdir(),
  platform: NodeJS.Platform = process.platform,
): Promise<PrivateSocket> {
  // Windows knows no sockets in folders, and its pipes go with the process.
  if (platform === 'win32') {
    return { path: `\\\\.\\pipe\\${prefix}${randomBytes(16).toString('hex')}`, remove: () => undefined };
  }
  // mkdtemp makes it 0700, whatever the umask says.
  const folder = mkdtempSync(path.join(parent, prefix));
  const remove = () => {
    rmSync(folder, { recursive: true, force: true });
    process.off('exit', remove);
  };
  process.on('exit', remove);
  await sweep(parent, lstatSync(folder).mtimeMs - startMs);
  return { path: path.join(folder, socketName), remove };
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

/** A link, somebody else's folder, and one that holds anything but a socket are left alone. */
async function isLeftBehind(folder: string, olderThanMs: number): Promise<boolean> {
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== process.getuid?.() || found.mtimeMs > olderThanMs) return false;
  const names = readdirSync(folder);
  if (names.length === 0) return true;
  const socket = path.join(folder, socketName);
  return names.length === 1 && names[0] === socketName && lstatSync(socket).isSocket() && isDead(socket);
}

function isDead(socketPath: string): Promise<boolean> {
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

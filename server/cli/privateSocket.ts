/**
 * Where a simulator listens: sockets that only this user can reach, in a folder that goes with the
 * process. After a kill the folder stays, and the next one that is made takes it away.
 */
import { randomBytes } from 'node:crypto';
import { accessSync, constants, lstatSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { XenscopeError } from '../host/errors';
import { maxSocketPathBytes } from '../store/socketPath';

const prefix = 'xenscope-';
/** As mkdtemp names them; other folders that begin alike, of tests or of tools, are none of ours. */
const ourFolder = /^xenscope-[A-Za-z0-9]{6}$/;
const socketName = 'socket';
export const GUEST_SOCKET_NAME = 'guests';
/** Those of a world: its store, who joins it, and the store as each joined domain has it. */
const ourSocket = /^(socket|guests|store-[0-9]+)$/;
/** What comes behind the parent's name at most: mkdtemp adds six characters, a domid has five. */
const longestRest = `/${prefix}sixsix/store-65535`;
/** Longer than anybody takes from making the folder to listening there. */
const startMs = 60_000;

export interface PrivateSocket {
  readonly path: string;
  /** For programs that join as guests; undefined where none can. */
  readonly guestPath: string | undefined;
  /** Safe to call twice. */
  remove(): void;
}

/** Throws a XenscopeError `input` where there is no place for it. */
export async function privateSocket(
  givenParent?: string,
  platform: NodeJS.Platform = process.platform,
): Promise<PrivateSocket> {
  // Windows knows no sockets in folders, and its pipes go with the process.
  if (platform === 'win32') {
    const pipe = `\\\\.\\pipe\\${prefix}${randomBytes(16).toString('hex')}`;
    return { path: pipe, guestPath: undefined, remove: () => undefined };
  }
  const parent = givenParent ?? usualParent();
  const folder = makeFolder(parent);
  const remove = () => {
    rmSync(folder, { recursive: true, force: true });
    process.off('exit', remove);
  };
  process.on('exit', remove);
  await sweep(parent, lstatSync(folder).mtimeMs - startMs);
  const [socket, guests] = [socketName, GUEST_SOCKET_NAME].map((name) => path.join(folder, name));
  return { path: socket!, guestPath: guests, remove };
}

function makeFolder(parent: string): string {
  try {
    // mkdtemp makes it 0700, whatever the umask says.
    return mkdtempSync(path.join(parent, prefix));
  } catch (error) {
    throw new XenscopeError(
      'input',
      `No folder for the simulator's sockets can be made in ${parent} (${(error as Error).message}).`,
      { wayOut: 'Set XDG_RUNTIME_DIR or TMPDIR to a folder that you may write to.', cause: error },
    );
  }
}

/** Where they are made. Programs that join find the world there as well, when their environment is the same. */
function usualParent(): string {
  const candidates = [process.env['XDG_RUNTIME_DIR'], tmpdir(), '/tmp'].filter((name) => name !== undefined);
  const parent = candidates.find((name) => fits(name) && isWritableFolder(name));
  if (parent !== undefined) return parent;
  throw new XenscopeError(
    'input',
    `There is no place for the simulator's sockets: none of ${[...new Set(candidates)].join(', ')} is a folder that can be written to and whose path is short enough for a socket.`,
    { wayOut: 'Set XDG_RUNTIME_DIR or TMPDIR to such a folder.' },
  );
}

function fits(parent: string): boolean {
  return path.isAbsolute(parent) && Buffer.byteLength(parent + longestRest) <= maxSocketPathBytes();
}

function isWritableFolder(name: string): boolean {
  try {
    accessSync(name, constants.W_OK | constants.X_OK);
    return statSync(name).isDirectory();
  } catch {
    return false;
  }
}

/** All such folders of this user, of running processes and of those that were killed. */
export function privateFolders(parent = usualParent()): string[] {
  return foldersIn(parent).filter((folder) => isOurs(lstatSync(folder, { throwIfNoEntry: false })));
}

function foldersIn(parent: string): string[] {
  let names: string[];
  try {
    names = readdirSync(parent);
  } catch {
    // One may write there and not look: then there is nothing to be found.
    return [];
  }
  return names.filter((name) => ourFolder.test(name)).map((name) => path.join(parent, name));
}

function isOurs(found: Stats | undefined): boolean {
  return found !== undefined && found.isDirectory() && found.uid === process.getuid?.();
}

/** Removes what this user's processes left behind, where nobody listens any more. */
async function sweep(parent: string, olderThanMs: number): Promise<void> {
  await Promise.all(
    foldersIn(parent).map(async (folder) => {
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

/**
 * The socket of a server that runs as root for one user: made for that user alone, in a folder in
 * which nobody else can put another one in its place. Node cannot ask who connected (SO_PEERCRED), so
 * the mode 0600, the owner and the folders above are all that there is, and they are enough.
 */
import { chmodSync, chownSync, lstatSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { connect } from 'node:net';
import type { Server } from 'node:net';
import path from 'node:path';
import { XenscopeError } from '../host/errors';
import { tooLongForSocket } from '../store/socketPath';

/** Made by root, gone with the next start of the machine. */
const usualFolder = '/run/xenscope';
const groupOrOthersMayWrite = 0o022;
const sticky = 0o1000;

export interface Owner {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

export function usualRootSocket(uid: number): string {
  return path.join(usualFolder, `${uid}.sock`);
}

/**
 * Listens there for the owner alone, and answers where that is without symbolic links. Throws a
 * XenscopeError `input` that says why it cannot be.
 */
export async function listenForOwner(server: Server, socketPath: string, owner: Owner): Promise<string> {
  const tooLong = tooLongForSocket(socketPath);
  if (tooLong) throw tooLong;
  if (path.dirname(socketPath) === usualFolder) makeUsualFolder();
  const place = safePlace(socketPath);
  await clearPlace(place);
  // Made with no rights for anybody but root: nobody can come in between, and then it is handed over.
  const umask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      // It stays: an accept that fails later, say for want of descriptors, must not end the others.
      server.on('error', (error) => reject(cannotListen(place, error)));
      server.listen(place, resolve);
    });
  } finally {
    process.umask(umask);
  }
  chmodSync(place, 0o600);
  chownSync(place, owner.uid, owner.gid);
  return place;
}

/** Without symbolic links in its folder: one that is changed after the look must not lead elsewhere. */
function safePlace(socketPath: string): string {
  const named = path.dirname(socketPath);
  let folder = named;
  try {
    folder = realpathSync(named);
  } catch {
    // The look below says what is wrong with it.
  }
  const problem = folderProblem(folder, [0]);
  if (problem) {
    throw new XenscopeError('input', `${socketPath} is no safe place for the socket: ${problem}`, {
      wayOut: `Leave --socket out, or name a file in a folder that only root may change.`,
    });
  }
  const place = path.join(folder, path.basename(socketPath));
  const tooLong = tooLongForSocket(place);
  if (tooLong) throw tooLong;
  return place;
}

function makeUsualFolder(): void {
  try {
    mkdirSync(usualFolder, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw cannotListen(usualFolder, error as Error);
  }
}

/** The socket at `socketPath` if it is for this user, and nobody else could have put it there. */
export function trustedSocket(socketPath: string, uid: number): string | undefined {
  try {
    const found = lstatSync(socketPath, { throwIfNoEntry: false });
    if (!found?.isSocket() || found.uid !== uid || (found.mode & 0o077) !== 0) return undefined;
    return folderProblem(path.dirname(socketPath), [0, uid]) === undefined ? socketPath : undefined;
  } catch {
    // In a folder that may not be looked into there is nothing for this user.
    return undefined;
  }
}

/** Why others than `trusted` could change what lies in `folder`; one clause with a full stop. */
function folderProblem(folder: string, trusted: readonly number[]): string | undefined {
  let real: string;
  try {
    real = realpathSync(folder);
  } catch {
    return `there is no folder ${folder}.`;
  }
  for (let at = real; ; at = path.dirname(at)) {
    const found = lstatSync(at);
    if (!found.isDirectory()) return `${at} is no folder.`;
    if (!trusted.includes(found.uid)) return `${at} belongs to another user (${found.uid}).`;
    // In a sticky folder such as /tmp others may add things, and not replace ours.
    if ((found.mode & groupOrOthersMayWrite) !== 0 && (found.mode & sticky) === 0) {
      return `others may write to ${at}.`;
    }
    if (at === path.dirname(at)) return undefined;
  }
}

/** Removes a socket that nobody listens to any more; anything else stays and is told. */
async function clearPlace(socketPath: string): Promise<void> {
  const found: Stats | undefined = lstatSync(socketPath, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) {
    throw new XenscopeError('input', `${socketPath} is there already, and is no socket.`, {
      wayOut: 'Name another file, or remove this one.',
    });
  }
  if (await isListening(socketPath)) {
    throw new XenscopeError('input', `A server listens at ${socketPath} already.`, {
      wayOut: 'Several windows may join it; or end it first, or name another socket with --socket.',
    });
  }
  rmSync(socketPath);
}

function isListening(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socketPath);
    probe.once('connect', () => resolve(true)).once('error', () => resolve(false));
    probe.once('connect', () => probe.destroy());
  });
}

function cannotListen(socketPath: string, error: Error): XenscopeError {
  return new XenscopeError('input', `Nobody can listen at ${socketPath} (${error.message}).`, {
    wayOut: 'Name another socket with --socket.',
    cause: error,
  });
}

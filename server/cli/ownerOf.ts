/** A user of this machine by name or number, as the system knows users. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { XenscopeError } from '../host/errors';
import type { Owner } from './rootSocket';

const maxWord = 256;

/** Asks `id`, which knows every source of users that is set up here, not only /etc/passwd. */
export async function ownerOf(user: string): Promise<Owner> {
  // A word that begins with a dash would be an option.
  if (!/^[A-Za-z0-9_][^\0\n]*$/.test(user) || user.length > maxWord) throw noUser(user);
  try {
    const [uid, gid, name] = await Promise.all([idOf('-u', user), idOf('-g', user), idOf('-un', user)]);
    return { uid: numberOf(uid), gid: numberOf(gid), name };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new XenscopeError('unsupported', 'The program "id", which knows users, is not there.', {
        cause: error,
      });
    }
    throw noUser(user, error);
  }
}

async function idOf(option: string, user: string): Promise<string> {
  const { stdout } = await promisify(execFile)('id', [option, user]);
  return stdout.trim();
}

function numberOf(text: string): number {
  if (!/^[0-9]{1,10}$/.test(text)) throw new Error(`"${text}" is no number of a user`);
  return Number(text);
}

function noUser(user: string, cause?: unknown): XenscopeError {
  return new XenscopeError('input', `There is no user "${user}" on this machine.`, {
    wayOut: 'Name the user whose editor shall connect: --owner USER.',
    cause,
  });
}

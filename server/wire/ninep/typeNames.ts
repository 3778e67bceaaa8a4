/**
 * Names of all messages of 9P2000, 9P2000.u and 9P2000.L, as Linux's include/net/9p/9p.h has them. Requests are
 * even, and each is answered by the odd number behind it, or by an error.
 */

/** Without T or R, by the number of the request. */
const requests: Readonly<Record<number, string>> = {
  6: 'lerror',
  8: 'statfs',
  12: 'lopen',
  14: 'lcreate',
  16: 'symlink',
  18: 'mknod',
  20: 'rename',
  22: 'readlink',
  24: 'getattr',
  26: 'setattr',
  30: 'xattrwalk',
  32: 'xattrcreate',
  40: 'readdir',
  50: 'fsync',
  52: 'lock',
  54: 'getlock',
  70: 'link',
  72: 'mkdir',
  74: 'renameat',
  76: 'unlinkat',
  100: 'version',
  102: 'auth',
  104: 'attach',
  106: 'error',
  108: 'flush',
  110: 'walk',
  112: 'open',
  114: 'create',
  116: 'read',
  118: 'write',
  120: 'clunk',
  122: 'remove',
  124: 'stat',
  126: 'wstat',
};

/** Numbers that nobody asks by: they are answers alone. */
const answersOnly = new Set([6, 106]);

export type NinepRole = 'request' | 'answer';

/** `Tread`, `Rlerror`; undefined where no message of that role has this number. */
export function ninepName(type: number, role: NinepRole): string | undefined {
  const isAnswer = (type & 1) === 1;
  if (isAnswer !== (role === 'answer')) return undefined;
  const request = type & ~1;
  const name = Object.hasOwn(requests, request) ? requests[request] : undefined;
  if (name === undefined || (!isAnswer && answersOnly.has(request))) return undefined;
  return `${isAnswer ? 'R' : 'T'}${name}`;
}

/**
 * Waits for descriptors of C (event channels, the watches of libxenstore) in node's own loop, so that
 * nothing blocks and no thread of C ever calls JavaScript.
 */
import { closeSync } from 'node:fs';
import { XenscopeError } from '../server/host/errors';
import { loadKoffi } from './koffi';
import type { Bound } from './libraries/cTypes';
import { XenLibraries } from './libraries/xenLibraries';
import type { libraryTables } from './libraries/xenLibraries';

export interface DescriptorWait {
  /** Safe to call twice. The descriptor must be closed after it, never before. */
  stop(): void;
}

type PollHandle = ReturnType<ReturnType<typeof loadKoffi>['node']['poll']>;
type Poll = (fds: Uint8Array, count: number, timeoutMs: number) => number;

/** By descriptor. A handle that the collector finds stops polling without a word: all are kept here. */
const waiting = new Map<number, PollHandle>();

let libc: Bound<typeof libraryTables.libc> | undefined;

/** POLLIN of poll.h. */
const POLLIN = 1;
/** EPOLL_CTL_ADD of sys/epoll.h; its struct epoll_event has 12 bytes or, where it is aligned, 16. */
const EPOLL_CTL_ADD = 1;
const epollEventBytes = 16;
/** One struct pollfd: int fd, short events, short revents. */
const pollfd = new Uint8Array(8);
const pollFields = new DataView(pollfd.buffer);

/**
 * Calls `onReadable` in each turn of the loop in which `fd` can be read, until it is stopped; keeps the
 * process alive. `onEnd` is told once when the descriptor cannot be waited for any more. Throws a
 * XenscopeError `unsupported` when it never could be. It must be one of C's: koffi cannot share node's own.
 */
export function whenReadable(fd: number, onReadable: () => void, onEnd?: () => void): DescriptorWait {
  mustBeWaitable(fd);
  const stop = () => {
    if (waiting.get(fd) !== handle) return;
    waiting.delete(fd);
    handle.close();
  };
  // koffi calls back with a status before the events, which its types do not say.
  const onPoll = (...args: unknown[]) => {
    if (waiting.get(fd) !== handle) return;
    if (args.length > 1 && args[0] !== 0) {
      stop();
      onEnd?.();
    } else onReadable();
  };
  const handle = loadKoffi().node.poll(fd, { readable: true }, onPoll as () => void);
  waiting.set(fd, handle);
  return { stop };
}

/** Whether `fd` can be read this very moment. */
export function isReadable(poll: Poll, fd: number): boolean {
  pollFields.setInt32(0, fd, true);
  pollFields.setInt16(4, POLLIN, true);
  pollFields.setInt16(6, 0, true);
  return poll(pollfd, 1, 0) === 1 && (pollFields.getInt16(6, true) & POLLIN) !== 0;
}

/** What libuv refuses to poll makes koffi end the whole process: it is refused here before. */
function mustBeWaitable(fd: number): void {
  const refused = (why: string) =>
    new XenscopeError('unsupported', `Descriptor ${fd} cannot be waited for: ${why}.`);
  if (!Number.isInteger(fd) || fd < 0 || fd >= 2 ** 31) throw refused('it is no descriptor');
  if (waiting.has(fd)) throw refused('somebody waits for it already');
  if (!isEverReadable(fd)) throw refused('it is not open, or of a kind that is always ready');
}

/** As libuv finds it out: by adding it to an epoll. */
function isEverReadable(fd: number): boolean {
  const { epoll_create1, epoll_ctl } = (libc ??= new XenLibraries({ env: {} }).functions('libc'));
  const epoll = epoll_create1(0);
  if (epoll < 0) return false;
  const isAdded = epoll_ctl(epoll, EPOLL_CTL_ADD, fd, new Uint8Array(epollEventBytes)) === 0;
  closeSync(epoll);
  return isAdded;
}

/**
 * Waits for descriptors of C (event channels, the watches of libxenstore) in node's own loop, so that
 * nothing blocks and no thread of C ever calls JavaScript.
 */
import { fstatSync } from 'node:fs';
import { XenscopeError } from '../server/host/errors';
import { loadKoffi } from './koffi';

export interface DescriptorWait {
  /** Safe to call twice. The descriptor must be closed after it, never before. */
  stop(): void;
}

type PollHandle = ReturnType<ReturnType<typeof loadKoffi>['node']['poll']>;
type Poll = (fds: Uint8Array, count: number, timeoutMs: number) => number;

/** By descriptor. A handle that the collector finds stops polling without a word: all are kept here. */
const waiting = new Map<number, PollHandle>();

/** POLLIN of poll.h. */
const POLLIN = 1;
/** One struct pollfd: int fd, short events, short revents. */
const pollfd = new Uint8Array(8);
const pollFields = new DataView(pollfd.buffer);

/**
 * Calls `onReadable` in each turn of the loop in which `fd` can be read, until it is stopped; keeps the
 * process alive. `onEnd` is told once when the descriptor cannot be waited for any more. Throws a
 * XenscopeError `unsupported` when it never could be.
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
  const refused = (why: string, cause?: unknown) =>
    new XenscopeError('unsupported', `Descriptor ${fd} cannot be waited for: ${why}.`, { cause });
  if (!Number.isInteger(fd) || fd < 0 || fd >= 2 ** 31) throw refused('it is no descriptor');
  if (waiting.has(fd)) throw refused('somebody waits for it already');
  let stat;
  try {
    stat = fstatSync(fd);
  } catch (error) {
    throw refused('it is not open', error);
  }
  if (stat.isFile() || stat.isDirectory()) throw refused('it is a file, which is always ready');
}

/** When a command that would go on is to end. */
import os from 'node:os';
import { whenReaderGone } from './readerGone';

/**
 * For a command that passes bytes on, or serves, and has something to take away when it is over: aborted by the first
 * signal that asks for the end, and when nobody reads standard output any longer, as behind head. The exit status is
 * set to that of the signal, unless a signal is how it ends as it should.
 */
export function stopSignal({ isOrderlyEnd = false } = {}): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      if (!isOrderlyEnd) process.exitCode = 128 + os.constants.signals[signal];
      stop.abort();
    });
  }
  whenReaderGone(() => stop.abort());
  return stop.signal;
}

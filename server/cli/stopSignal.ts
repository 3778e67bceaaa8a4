/** When a command that passes bytes on is to end early. */
import os from 'node:os';
import { whenReaderGone } from './readerGone';

/**
 * For a command that passes bytes on and has something to take away when it is over: aborted by the first signal that
 * asks for the end, whose exit status is set then, and when nobody reads standard output any longer, as behind head.
 */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      process.exitCode = 128 + os.constants.signals[signal];
      stop.abort();
    });
  }
  whenReaderGone(() => stop.abort());
  return stop.signal;
}

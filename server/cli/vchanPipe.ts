/** Standard input into a vchan, and what comes out of it to standard output, until one of both is over. */
import { sleep } from '../host/clock';
import { XenscopeError } from '../host/errors';
import { LoopTurns } from '../vchan/turns';
import type { Vchan } from '../vchan/vchan';
import { writeOut } from './output';
import { systemClock } from './systemClock';

const readBytes = 64 * 1024;

export interface PipeOptions {
  /** How long after the end of input it goes on; until the other side leaves when absent. */
  readonly quitMs: number | undefined;
  readonly signal: AbortSignal;
}

/** Rejects with a XenscopeError `gone` when the other side left and something was still to be sent. */
export async function pipeVchan(vchan: Vchan, { quitMs, signal }: PipeOptions): Promise<void> {
  const over = new AbortController();
  const stop = () => over.abort();
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  const options = { signal: over.signal };
  let unsent: XenscopeError | undefined;
  const write = async () => {
    await vchan.connected(options);
    for await (const chunk of process.stdin as AsyncIterable<Buffer>) await vchan.write(chunk, options);
    if (quitMs === undefined) return;
    await sleep(systemClock, quitMs, over.signal).catch(() => undefined);
    over.abort();
  };
  const writing = write().catch((error: unknown) => {
    if (error instanceof XenscopeError && error.code !== 'cancelled') unsent = error;
    // Whoever waited for more input was not given any.
    else if (!over.signal.aborted) throw error;
  });
  try {
    await readAll(vchan, options);
  } catch (error) {
    if (!over.signal.aborted || !isCancelled(error)) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    over.abort();
    process.stdin.destroy();
  }
  // A write that stood in a full ring has heard by now that nobody reads it.
  await Promise.race([writing, sleep(systemClock, 0)]);
  // Whoever ended it knows that not all was sent.
  if (unsent && !signal.aborted) throw unsent;
}

async function readAll(vchan: Vchan, options: { readonly signal: AbortSignal }): Promise<void> {
  const into = Buffer.allocUnsafe(Math.min(readBytes, vchan.readRingBytes));
  const turns = new LoopTurns();
  for (;;) {
    const count = await vchan.read(into, options);
    if (count === 0) return;
    // Handed on before the next read: the buffer is used again.
    await writeOut(Buffer.from(into.subarray(0, count)), options.signal);
    // A file takes it at once, as a quick reader does, and a quick writer is never waited for: a signal would not be heard.
    await turns.passed(count);
  }
}

/** Stopped while it waited for bytes, or for somebody to take them. */
function isCancelled(error: unknown): boolean {
  if (error instanceof XenscopeError) return error.code === 'cancelled';
  return error instanceof Error && error.name === 'AbortError';
}

/**
 * When nobody reads standard output any longer, as in `xenscope watch / | head -1`: the process ends in peace, at
 * once, unless a verb has something to tidy up first.
 */
let act = (): void => process.exit();

export function readerGone(): void {
  act();
}

/** From now on in place of ending the process; called again with each write that nobody reads. */
export function whenReaderGone(instead: () => void): void {
  act = instead;
}

/** That a write failed for that reason. */
export function isReaderGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EPIPE';
}

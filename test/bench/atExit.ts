/**
 * What must not outlive a run, however it ends. The process must leave through `exit`: see
 * `exitOnSignals`.
 */
const endings = new Set<() => void>();

process.on('exit', () => {
  for (const end of endings) end();
});

/** `end` is called when the process exits, unless it was taken back before. Gives how to take it back. */
export function atExit(end: () => void): () => void {
  endings.add(end);
  return () => endings.delete(end);
}

/** Ctrl-C and its like end what was started as well. */
export function exitOnSignals(): void {
  // Not `once`: a second one in the middle of the tidying would end it half done.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));
}

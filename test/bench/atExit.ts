/** What must not outlive a run, however it ends: the process leaves through `exit` also when it is interrupted. */
const endings = new Set<() => void>();

process.on('exit', () => {
  for (const end of endings) end();
});

/** `end` is called when the process exits, unless it was taken back before. Gives how to take it back. */
export function atExit(end: () => void): () => void {
  endings.add(end);
  return () => endings.delete(end);
}

/**
 * A moment of looking again and again, before whoever waits for another domain goes to sleep: what comes
 * within it costs neither side a doorbell. Only a host has it whose other domains move meanwhile: in a
 * simulated one nothing happens while somebody looks.
 */
export interface Spin {
  /** Whether it came to be so. Looks for a moment, or not at all where that did not pay lately. */
  until(isSo: () => boolean): boolean;
}

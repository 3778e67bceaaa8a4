/** What is said of a reconnect before it is done: a plain value, free of imports, compiled for every runtime. */
export interface ReconnectPreview {
  /** `refuse`: it cannot be done here, and `details` says why and what could be done instead. */
  readonly verdict: 'confirm' | 'refuse';
  /** The name of the method, e.g. `Reconnection feature, as the guest`. */
  readonly method: string;
  /** One sentence: what will happen. */
  readonly text: string;
  readonly details: readonly string[];
  /** What the guest loses: `3 watches`. */
  readonly lost: readonly string[];
  /** On a refusal that a person may override: what they take on by that, in one sentence. */
  readonly force?: string;
}

/** What all composers have, whoever's ring they write into. */
import type { ComposerCheck, ComposerDraft, ComposerEnding, ComposerEntry, ComposerState } from './plan';
import type { Sent } from './socketConsole';

export interface ReceivedBytes {
  /** The socket. */
  readonly id: bigint;
  readonly bytes: Buffer;
  /** Left out before them. */
  readonly leftOutBytes: number;
}

/** Every method that is not asynchronous throws a XenscopeError where that cannot be. */
export interface ComposerSession {
  readonly state: ComposerState;
  /** Lines of the history that were forgotten. */
  readonly forgottenEntries: number;
  check(draft: ComposerDraft): ComposerCheck;
  /** Answers the number of its line in the history. `confirmed`: a person has agreed to what `check` asked about. */
  call(draft: ComposerDraft, confirmed?: boolean): number;
  /** Lines that are new or have changed since this was asked last. */
  takeEntries(): readonly ComposerEntry[];
  /** What came at sockets since this was asked last. */
  takeReceived(): readonly ReceivedBytes[];
  send(id: bigint, bytes: Uint8Array, signal: AbortSignal): Promise<Sent>;
  setReading(id: bigint, how: { readonly reads: boolean; readonly keepAll: boolean }): void;
  endSending(id: bigint): void;
  abandonSocket(id: bigint): void;
  /** Safe to call twice. `close` removes the nodes as well. */
  end(how: ComposerEnding): Promise<void>;
  /** Ends it if need be, and removes what is left of it. `isLeaving`: soon, if it is being ended already as well. */
  remove(how?: { readonly isLeaving?: boolean }): Promise<void>;
}

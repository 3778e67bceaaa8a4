/**
 * A reliable stream of bytes between a client and a xenstored: a unix socket, or a pair of queues
 * in one process. The store's server and client both stand on this and know no sockets.
 */

export interface ByteStreamHandlers {
  /** `bytes` is only valid during the call. */
  onData(bytes: Buffer): void;
  /** The stream took all that was written after `write` had answered false. */
  onDrain(): void;
  /** Called once, whoever ended the stream. `reason` is a sentence when it did not end in peace. */
  onClose(reason?: string): void;
}

/** `protocol`: the other side broke the rules; `comm`: it does not take what is sent. */
export type CloseCause = 'protocol' | 'comm';

export interface ByteStream {
  /** Takes the bytes in any case (the caller must not change them any more); false asks to wait for `onDrain`. */
  write(bytes: Buffer): boolean;
  /**
   * Offers the first `length` bytes to a stream that can tell at once how many of them it took; the
   * rest, and the memory, stay the caller's. Absent where a stream cannot.
   */
  writeNow?(bytes: Buffer, length: number): number;
  /** Bytes taken by `write` and not yet handed on. */
  readonly queuedBytes: number;
  /** Stops and restarts `onData`: how a reader holds back a writer. */
  pause(): void;
  resume(): void;
  /** `cause` for a stream that can tell the other side; most cannot. */
  close(cause?: CloseCause): void;
}

/**
 * Opens a stream; rejects with a sentence in a XenscopeError: `away` when nobody answers, `limit`
 * when somebody is there but has no room at the moment, and may be asked again soon.
 */
export type Dial = (handlers: ByteStreamHandlers) => Promise<ByteStream>;

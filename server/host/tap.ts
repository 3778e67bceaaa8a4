/**
 * Where a store lets somebody listen: who connects, and the raw bytes that each connection received
 * and sent. Who listens must be quick, because the store waits for it, and must not change anything.
 */

export interface TappedConnection {
  readonly transport: 'socket' | 'ring' | 'process';
  /** The domain that the connection belongs to; 0 for sockets. */
  readonly domid: number;
  readonly privileged: boolean;
}

export interface ConnectionTap {
  /** Bytes from `start` to `end` came in. They are only valid during the call. */
  received(bytes: Uint8Array, start: number, end: number): void;
  /** The transport took these bytes. They are only valid during the call. */
  sent(bytes: Uint8Array, start: number, end: number): void;
  /** Both directions begin anew, at a message boundary: half a message is void (a ring reconnected). */
  restarted(): void;
  /** `reason` is a sentence when it did not end in peace. */
  closed(reason?: string): void;
}

export interface StoreTap {
  /** Called once for each connection before its first byte. Undefined: nobody listens to this one. */
  opened(connection: TappedConnection): ConnectionTap | undefined;
}

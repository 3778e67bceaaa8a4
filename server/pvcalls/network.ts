/** What a backend needs of a network: streams over IPv4. The machine's own, or one inside a simulated world. */
import type { Duplex } from 'node:stream';
import type { Ipv4Address } from '../wire/pvcalls/address';

/**
 * Is handed what was read, in a buffer that belongs to somebody else again as soon as it returns. Answers whether it
 * wants more; after false the stream has to be resumed.
 */
export type ReadListener = (bytes: Buffer) => boolean;

export interface NetConnection {
  /** Open in both directions; ending one leaves the other open. Whoever takes it listens for its errors. */
  readonly stream: Duplex;
  readonly local: Ipv4Address;
  readonly remote: Ipv4Address;
  /** Ends it at once, so that the other side hears that it broke off: what is on the way may be lost. */
  readonly reset: () => void;
  /**
   * Has it told what comes, at most about `bytes` at once, in place of the stream, whose `data` it never is. Nothing
   * comes before the stream is resumed after that. Absent where the stream alone tells.
   */
  readonly listenToReads?: (listener: ReadListener, bytes: number) => void;
}

export interface NetBinding {
  /** With the port that it really got, where none was asked for. */
  readonly address: Ipv4Address;
  /** From now on connections are taken; before they are refused, or reset. */
  listen(onConnection: (connection: NetConnection) => void): void;
  /** Gives the address up; connections that were taken stay. Safe to call twice. */
  close(): void;
}

/** Every method rejects with a SocketError, or with whatever the signal was aborted for. */
export interface SocketNetwork {
  connect(to: Ipv4Address, signal: AbortSignal): Promise<NetConnection>;
  bind(address: Ipv4Address): Promise<NetBinding>;
}

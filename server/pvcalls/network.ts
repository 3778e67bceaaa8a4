/** What a backend needs of a network: streams over IPv4. The machine's own, or one inside a simulated world. */
import type { Duplex } from 'node:stream';
import type { Ipv4Address } from '../wire/pvcalls/address';

export interface NetConnection {
  /** Open in both directions; ending one leaves the other open. Whoever takes it listens for its errors. */
  readonly stream: Duplex;
  readonly local: Ipv4Address;
  readonly remote: Ipv4Address;
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

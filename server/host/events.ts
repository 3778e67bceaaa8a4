/**
 * Event channels: doorbells between two domains (xen/include/public/event_channel.h, and the device
 * evtchn as user space sees it). They carry no data and no count: several rings before the other
 * side looks are one.
 */
import type { XenscopeError } from './errors';

export interface EventPort {
  /** The number of our end. */
  readonly port: number;
  /** Rings at the other end. Does nothing when that end is closed. */
  notify(): void;
  /**
   * Called once for each delivery. The port is masked from then on until `unmask`: what rings
   * meanwhile is delivered as one event after it.
   */
  onEvent: (() => void) | undefined;
  unmask(): void;
  /**
   * Why no event can come any more, where the device behind all ports broke; absent while they can. When it
   * breaks `onEvent` is called once more, masked or not.
   */
  readonly failure?: XenscopeError | undefined;
  /** Safe to call twice. */
  close(): void;
}

export interface EventChannels {
  /** A port that `remoteDomid` may connect to. */
  bindUnbound(remoteDomid: number): EventPort;
  /** Connects to a port that `remoteDomid` left unbound for us; throws a XenscopeError `notOurs` when there is none. */
  bindInterdomain(remoteDomid: number, remotePort: number): EventPort;
}

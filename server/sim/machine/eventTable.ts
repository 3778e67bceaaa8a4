/**
 * The event channels of one domain, with the rules of xen/common/event_channel.c: a port is unbound
 * or joined to one port of another domain; a ring sets the pending bit of the other end, and rings
 * that find it set are one event with the first.
 */
import { XenscopeError } from '../../host/errors';
import type { EventPort } from '../../host/events';
import type { Delivery, DeliveryKind, Schedule } from './delivery';

export interface EventWorld {
  readonly schedule: Schedule;
  /** The table of another domain, undefined when there is no such domain. */
  tableOf(domid: number): EventTable | undefined;
}

export class EventTable {
  readonly #world: EventWorld;
  readonly #maxPorts: number;
  readonly #ports = new Map<number, Port>();

  constructor(
    readonly domid: number,
    world: EventWorld,
    maxPorts: number,
  ) {
    this.#world = world;
    this.#maxPorts = maxPorts;
  }

  /** How many ports are open. */
  get size(): number {
    return this.#ports.size;
  }

  bindUnbound(remoteDomid: number): Port {
    return this.#open(remoteDomid);
  }

  bindInterdomain(remoteDomid: number, remotePort: number): Port {
    const remote = this.#world.tableOf(remoteDomid)?.get(remotePort);
    if (!remote || remote.peer || remote.remoteDomid !== this.domid) {
      throw new XenscopeError(
        'notOurs',
        `Domain ${remoteDomid} has no event channel ${remotePort} that waits for domain ${this.domid}.`,
        { wayOut: 'Ask the other side for the port it opened for this domain.' },
      );
    }
    const port = this.#open(remoteDomid);
    port.peer = remote;
    remote.peer = port;
    // Whoever rang while nobody was there was not heard; Xen makes up for it with one event here.
    port.ringFrom(remoteDomid);
    return port;
  }

  get(port: number): Port | undefined {
    return this.#ports.get(port);
  }

  /** Closes all; the other ends wait for this domain again. */
  closeAll(): void {
    for (const port of [...this.#ports.values()]) port.end();
  }

  #open(remoteDomid: number): Port {
    if (this.#ports.size >= this.#maxPorts) {
      throw new XenscopeError('limit', `Domain ${this.domid} has all its ${this.#maxPorts} event channels.`, {
        wayOut: 'Close those that are no longer used.',
      });
    }
    // The lowest free number, and never 0.
    let number = 1;
    while (this.#ports.has(number)) number++;
    const port = new Port(this.domid, number, remoteDomid, this.#world.schedule, () =>
      this.#ports.delete(number),
    );
    this.#ports.set(number, port);
    return port;
  }
}

export class Port implements EventPort {
  /** The other end, while there is one. */
  peer: Port | undefined;
  /** Told once, when this end is closed. */
  onClosed: (() => void) | undefined;
  /** Told when the other end was closed and nobody has come in its place meanwhile. */
  onLeft: (() => void) | undefined;
  readonly #schedule: Schedule;
  readonly #forget: () => void;
  #onEvent: (() => void) | undefined;
  #told = 0;
  #isPending = false;
  #isMasked = false;
  #isClosed = false;
  #isUnderWay = false;
  #willLook = false;
  /** How many notifications are still to ring through it. */
  #keepers = 0;
  #isGivenUp = false;

  constructor(
    readonly domid: number,
    readonly port: number,
    readonly remoteDomid: number,
    schedule: Schedule,
    forget: () => void,
  ) {
    this.#schedule = schedule;
    this.#forget = forget;
  }

  /** Whether somebody rang here and the owner has not been told yet: rang already, or on its way. */
  get isPending(): boolean {
    return this.#isPending || this.#isUnderWay;
  }

  /** How often the owner was told that somebody rang. */
  get told(): number {
    return this.#told;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get onEvent(): (() => void) | undefined {
    return this.#onEvent;
  }

  set onEvent(listener: (() => void) | undefined) {
    this.#onEvent = listener;
    this.#lookLater();
  }

  notify(): void {
    this.peer?.ringFrom(this.domid);
  }

  unmask(): void {
    this.#isMasked = false;
    this.#lookLater();
  }

  /**
   * Somebody is to ring through it later: until `letGo` it stays bound even when its owner closes it,
   * as evtchn_get of Linux has it, so that a program that dies in any order is still heard.
   */
  keep(): void {
    this.#keepers++;
  }

  letGo(): void {
    this.#keepers--;
    if (this.#isGivenUp && this.#keepers === 0) this.end();
  }

  close(): void {
    if (this.#isClosed || this.#isGivenUp) return;
    if (this.#keepers === 0) return this.end();
    this.#isGivenUp = true;
    this.#isPending = false;
    this.#onEvent = undefined;
    this.onClosed?.();
    this.onClosed = undefined;
  }

  /** Closes it whoever keeps it: the domain is gone. */
  end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isPending = false;
    this.#onEvent = undefined;
    const { peer } = this;
    this.peer = undefined;
    this.onLeft = undefined;
    if (peer) {
      peer.peer = undefined;
      peer.tellLeft();
    }
    this.#forget();
    this.onClosed?.();
  }

  /** A ring sets out for this end. One that finds another there, or on its way, is one event with it. */
  ringFrom(fromDomid: number): void {
    if (this.isPending) return;
    this.#isUnderWay = true;
    const arrive = () => {
      this.#isUnderWay = false;
      if (this.#isClosed) return;
      this.#isPending = true;
      this.#look();
    };
    if (this.#schedule(arrive, this.#delivery('ring', fromDomid)) === 'lost') this.#isUnderWay = false;
  }

  /** Whoever follows the other end finds out that it is closed. Nobody is told on Xen: who wants to know looks. */
  tellLeft(): void {
    if (!this.onLeft) return;
    const tell = () => {
      if (!this.peer) this.onLeft?.();
    };
    this.#schedule(tell, this.#delivery('end', this.remoteDomid));
  }

  get #mayLook(): boolean {
    return this.#isPending && !this.#isMasked && this.#onEvent !== undefined && !this.#isClosed;
  }

  #lookLater(): void {
    if (!this.#mayLook || this.#willLook) return;
    this.#willLook = true;
    const look = () => {
      this.#willLook = false;
      this.#look();
    };
    this.#schedule(look, this.#delivery('look', this.remoteDomid));
  }

  #look(): void {
    if (!this.#mayLook) return;
    this.#isPending = false;
    this.#isMasked = true;
    this.#told++;
    this.#onEvent!();
  }

  #delivery(kind: DeliveryKind, fromDomid: number): Delivery {
    return { kind, fromDomid, toDomid: this.domid, toPort: this.port };
  }
}

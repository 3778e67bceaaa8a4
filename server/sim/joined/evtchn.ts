/**
 * /dev/xen/evtchn of a program that joined: its event channels, each masked when it was told until
 * the program unmasks it. A ring is a thing that happens in the world: while that is held, the
 * program stands at its doorbell.
 */
import type { Timer } from '../../host/clock';
import type { EventPort } from '../../host/events';
import { GuestOp, guestWordBytes } from '../../wire/guestSocket';
import type { GuestReply } from '../../wire/guestSocket';
import type { ProgramPorts } from '../machine/programPorts';
import type { Device } from './device';
import { done, refusal } from './replies';

/** DOMID_FIRST_RESERVED of xen/include/public/xen.h. */
const firstReservedDomid = 0x7ff0;

export interface EvtchnOptions {
  readonly ports: ProgramPorts;
  /** By which the second connection of the same program finds this device. */
  readonly token: Buffer;
  /** Calls `ring` when the world comes to it. */
  atItsTurn(port: number, ring: () => void): Timer;
  onEnd(): void;
}

export class Evtchn implements Device {
  readonly greeting: Buffer;
  readonly #options: EvtchnOptions;
  readonly #ports = new Map<number, EventPort>();
  /** Told to nobody yet, because nobody listens yet. */
  readonly #untold = new Set<number>();
  #tell: ((portBytes: Buffer) => void) | undefined;
  #ringing: Timer | undefined;
  #onlyDomid: number | undefined;

  constructor(options: EvtchnOptions) {
    this.#options = options;
    this.greeting = options.token;
  }

  call(op: number, [first = -1, second = -1]: readonly number[]): GuestReply | Promise<GuestReply> {
    const { events } = this.#options.ports;
    switch (op) {
      case GuestOp.bindUnbound:
        return this.#mayBind(first) ? this.#keep(events.bindUnbound(first)) : refusal('EACCES');
      case GuestOp.bindInterdomain:
        return this.#mayBind(first) ? this.#keep(events.bindInterdomain(first, second)) : refusal('EACCES');
      case GuestOp.unbind:
        return this.#unbind(first);
      case GuestOp.notify:
        return this.#notify(first);
      case GuestOp.unmask:
        // As Linux: ports of others are passed over.
        this.#ports.get(first)?.unmask();
        return done();
      case GuestOp.restrict:
        if (this.#onlyDomid !== undefined) return refusal('EACCES');
        if (first <= 0 || first >= firstReservedDomid) return refusal('EINVAL');
        this.#onlyDomid = first;
        return done();
      default:
        return refusal('ENOTTY');
    }
  }

  /** From now on `tell` is given the number of each port that was rung. False when somebody listens already. */
  listen(tell: (portBytes: Buffer) => void): boolean {
    if (this.#tell) return false;
    this.#tell = tell;
    for (const port of this.#untold) tell(guestWordBytes([port]));
    this.#untold.clear();
    return true;
  }

  end(isSudden: boolean): void {
    this.#ringing?.cancel();
    this.#tell = () => undefined;
    this.#options.ports.end(isSudden);
    this.#options.onEnd();
  }

  #mayBind(domid: number): boolean {
    return this.#onlyDomid === undefined || this.#onlyDomid === domid;
  }

  #keep(opened: EventPort): GuestReply {
    const { port } = opened;
    this.#ports.set(port, opened);
    opened.onEvent = () => {
      if (this.#tell) this.#tell(guestWordBytes([port]));
      else this.#untold.add(port);
    };
    return done(port);
  }

  #unbind(port: number): GuestReply {
    const bound = this.#ports.get(port);
    if (!bound) return refusal('ENOTCONN');
    this.#ports.delete(port);
    this.#untold.delete(port);
    bound.close();
    return done();
  }

  #notify(port: number): GuestReply | Promise<GuestReply> {
    const bound = this.#ports.get(port);
    if (!bound) return refusal('ENOTCONN');
    return new Promise((resolve) => {
      this.#ringing = this.#options.atItsTurn(port, () => {
        this.#ringing = undefined;
        bound.notify();
        resolve(done());
      });
    });
  }
}

/** One connected device at an interceptor: who it is, and where its sockets are. */
import type { CallAsked } from '../../host/callInterceptor';
import type { Clock } from '../../host/clock';
import { parsePvCallsAddress } from '../../wire/pvcalls/address';
import type { Ipv4Address } from '../../wire/pvcalls/address';
import { idText } from '../../wire/pvcalls/numbersInWords';
import { requestText } from '../../wire/pvcalls/requestWords';
import type { PvCallsRequest } from '../../wire/pvcalls/slots';
import { maxSockets } from '../backend/socketTable';
import type { RuledCall } from './rules';
import { commandOf } from './words';

export interface DeviceParts {
  /** The backend's folder. */
  readonly path: string;
  /** Of the frontend. */
  readonly domid: number;
  readonly clock: Clock;
}

export class InterceptedDevice {
  /** Where a socket was asked to be bound or connected: of an ACCEPT only its number says it. */
  readonly #addresses = new Map<bigint, Ipv4Address>();

  constructor(private readonly parts: DeviceParts) {}

  get path(): string {
    return this.parts.path;
  }

  get domid(): number {
    return this.parts.domid;
  }

  get clock(): Clock {
    return this.parts.clock;
  }

  /** Keeps in mind what a request says of its socket. */
  note(request: PvCallsRequest): void {
    if (request.cmd !== 'bind' && request.cmd !== 'connect') return;
    const parsed = parsePvCallsAddress(request.address, request.addressLengthBytes);
    if (parsed.kind === 'bad') return;
    this.#addresses.delete(request.id);
    this.#addresses.set(request.id, parsed.address);
    if (this.#addresses.size <= maxSockets) return;
    const [oldest] = this.#addresses.keys();
    this.#addresses.delete(oldest!);
  }

  /** The socket is no more. */
  forget(id: bigint): void {
    this.#addresses.delete(id);
  }

  ruled(request: PvCallsRequest): RuledCall {
    const { domid } = this;
    if (request.cmd === 'unknown') return { command: undefined, id: 0n, domid, address: undefined };
    return { command: request.cmd, id: request.id, domid, address: this.#addresses.get(request.id) };
  }

  asked(request: PvCallsRequest): CallAsked {
    const id = request.cmd === 'unknown' ? undefined : request.id;
    const address = id === undefined ? undefined : this.#addresses.get(id);
    return {
      domid: this.domid,
      device: this.path,
      command: commandOf(request),
      socket: id === undefined ? '' : idText(id),
      text: requestText(request, address),
    };
  }
}

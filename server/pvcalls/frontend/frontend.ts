/** The frontend's side of one PV Calls device: sockets that connect, servers that listen, and single calls by hand. */
import type { Clock } from '../../host/clock';
import { XenscopeError } from '../../host/errors';
import type { EventPort } from '../../host/events';
import type { SharedMemory } from '../../host/memory';
import type { RingSteps } from '../../host/steps';
import { SOCKADDR_IN_BYTES, addressText, formatPvCallsAddress, parseIpv4 } from '../../wire/pvcalls/address';
import type { Ipv4Address } from '../../wire/pvcalls/address';
import { PVCALLS_AF_INET, PVCALLS_SOCK_STREAM } from '../../wire/pvcalls/commands';
import type { PvCallsEdition } from '../../wire/pvcalls/dataPage';
import type { PvCallsCall, PvCallsResponse } from '../../wire/pvcalls/slots';
import type { DeviceResources } from '../../xenbus/resources';
import type { PvCallsFindings } from '../findings';
import { answeredError } from '../socketError';
import { DeviceSpins } from '../socketSpins';
import { CommandRing } from './commands';
import type { CallOptions } from './commands';
import { PvCallsServer } from './server';
import { SpareRings } from './sharedRings';
import type { SharedRings } from './sharedRings';
import { PvCallsSocket, disconnected } from './socket';
import type { SocketStreamOptions } from './socket';

/** As Linux has it: 32 KiB each way. */
const usualOrder = 4;

export interface FrontendParts {
  readonly resources: DeviceResources;
  /** The backend's domain. */
  readonly domid: number;
  /** What the backend offers. */
  readonly maxOrder: number;
  readonly edition: PvCallsEdition;
  /** A fresh page that is shared with the backend. */
  readonly memory: SharedMemory;
  readonly port: EventPort;
  readonly findings: PvCallsFindings;
  readonly clock: Clock;
  readonly steps: (name: string) => RingSteps;
}

export interface SocketOptions extends CallOptions, SocketStreamOptions {
  /** Log2 of the pages of its data rings; 4, or what the backend offers where that is less, when absent. */
  readonly order?: number;
}

export interface ListenOptions extends SocketOptions {
  /** Connections that may wait to be accepted. */
  readonly backlog?: number;
}

export class PvCallsFrontend {
  readonly findings: PvCallsFindings;
  readonly #parts: FrontendParts;
  readonly #commands: CommandRing;
  readonly #spare: SpareRings;
  readonly #spins: DeviceSpins;
  readonly #sockets = new Map<EventPort, PvCallsSocket>();
  #lastId = 0n;
  #over: XenscopeError | undefined;

  constructor(parts: FrontendParts) {
    const { memory, port, steps, findings, resources, domid, edition } = parts;
    this.#parts = parts;
    this.findings = findings;
    this.#spins = new DeviceSpins(resources.spin);
    this.#spare = new SpareRings(resources, domid, edition);
    this.#commands = new CommandRing({
      memory,
      port,
      steps: steps('commands'),
      findings,
      onBroken: ({ message }) => findings.add('badRing', message),
    });
  }

  /** Connected sockets. */
  get sockets(): readonly PvCallsSocket[] {
    return [...this.#sockets.values()];
  }

  /** Calls that are not answered yet. */
  get inFlight(): number {
    return this.#commands.inFlight;
  }

  /** The backend rang at one of the device's channels. */
  look(port: EventPort): void {
    if (port === this.#parts.port) this.#commands.look();
    else this.#sockets.get(port)?.look();
  }

  /** Any call, with whatever is answered; see `CommandRing.call`. Nothing is made of it here. */
  call(call: PvCallsCall, options?: CallOptions): Promise<PvCallsResponse> {
    return this.#commands.call(call, options);
  }

  /** A number that no socket of this device has had. */
  newId(): bigint {
    return ++this.#lastId;
  }

  /**
   * Opens a connection. Rejects with a SocketError where the backend answers an error, and with a
   * XenscopeError as `CommandRing.call` does; then nothing of it is left.
   */
  async connect(to: Ipv4Address, options: SocketOptions = {}): Promise<PvCallsSocket> {
    const { signal } = options;
    const address = bytesOf(to);
    const order = this.#orderOf(options);
    const id = await this.#newSocket(signal);
    const rings = await this.#ringsFor(id, order);
    // Before the backend is told: afterwards it may write there at any time.
    const ring = rings.open();
    try {
      await this.#done(
        {
          cmd: 'connect',
          id,
          address,
          addressLengthBytes: SOCKADDR_IN_BYTES,
          flags: 0,
          ...rings.place,
        },
        `Connecting to ${addressText(to)} failed`,
        signal,
      );
    } catch (error) {
      // A backend that is still at it ends that first, so that nobody uses the pages afterwards.
      void this.#release(id).then(() => rings.close());
      throw error;
    }
    return this.#open(id, rings, ring, options, to);
  }

  /** Listens at an address of the backend's. Rejects as `connect`. */
  async listen(address: Ipv4Address, options: ListenOptions = {}): Promise<PvCallsServer> {
    const { signal, backlog = 16 } = options;
    const bytes = bytesOf(address);
    const order = this.#orderOf(options);
    const id = await this.#newSocket(signal);
    const place = addressText(address);
    try {
      const bind = { cmd: 'bind', id, address: bytes, addressLengthBytes: SOCKADDR_IN_BYTES } as const;
      await this.#done(bind, `Binding ${place} failed`, signal);
      await this.#done({ cmd: 'listen', id, backlog }, `Listening at ${place} failed`, signal);
    } catch (error) {
      void this.#release(id);
      throw error;
    }
    return new PvCallsServer({
      id,
      address,
      accept: () => this.#accept(id, place, order, options),
      poll: (waiting) => this.#done({ cmd: 'poll', id }, `Waiting at ${place} failed`, waiting.signal),
      release: async () => void (await this.#release(id)),
    });
  }

  /** Released sockets whose rings are kept for the next ones. */
  get kept(): number {
    return this.#spare.size;
  }

  /** The device disconnects, or is closed: everything at it fails. */
  close(): void {
    this.#over ??= disconnected();
    this.#commands.close(this.#over);
    for (const socket of this.sockets) socket.destroy(this.#over);
    this.#sockets.clear();
  }

  async #accept(
    id: bigint,
    place: string,
    order: number,
    options: SocketStreamOptions,
  ): Promise<PvCallsSocket> {
    const newId = this.newId();
    const rings = this.#spare.take(order);
    const ring = rings.open();
    try {
      await this.#done({ cmd: 'accept', id, newId, ...rings.place }, `Accepting at ${place} failed`);
    } catch (error) {
      rings.close();
      throw error;
    }
    return this.#open(newId, rings, ring, options, undefined);
  }

  #open(
    id: bigint,
    rings: SharedRings,
    ring: ReturnType<SharedRings['open']>,
    { allowHalfOpen }: SocketStreamOptions,
    remote: Ipv4Address | undefined,
  ): PvCallsSocket {
    // It may have been closed since the answer came.
    if (this.#over) throw this.#over;
    const socket = new PvCallsSocket(
      {
        id,
        remote,
        rings,
        steps: this.#parts.steps(`socket ${id}`),
        spins: this.#spins.forSocket(),
        clock: this.#parts.clock,
        findings: this.findings,
        release: (ended) => this.#end(ended),
        ...(allowHalfOpen === undefined ? {} : { allowHalfOpen }),
      },
      ring,
    );
    this.#sockets.set(rings.port, socket);
    return socket;
  }

  async #end({ id, rings }: PvCallsSocket): Promise<void> {
    this.#sockets.delete(rings.port);
    const reuse = this.#spare.promise();
    const isReleased = await this.#release(id, reuse);
    if (reuse) this.#spare.settle(rings, isReleased);
    else rings.close();
  }

  async #newSocket(signal: AbortSignal | undefined): Promise<bigint> {
    const id = this.newId();
    const socket = {
      cmd: 'socket',
      id,
      domain: PVCALLS_AF_INET,
      type: PVCALLS_SOCK_STREAM,
      protocol: 0,
    } as const;
    try {
      await this.#done(socket, 'A new socket failed', signal);
    } catch (error) {
      // Where nobody waited any longer, the backend may have made it all the same.
      if (error instanceof XenscopeError && error.code === 'cancelled') void this.#release(id);
      throw error;
    }
    return id;
  }

  async #ringsFor(id: bigint, order: number): Promise<SharedRings> {
    try {
      return this.#spare.take(order);
    } catch (error) {
      await this.#release(id);
      throw error;
    }
  }

  /** Answers whether the backend did; one that is gone has let everything go as well. */
  async #release(id: bigint, reuse = false): Promise<boolean> {
    try {
      const { ret } = await this.#commands.call({ cmd: 'release', id, reuse });
      this.#commands.forget(id);
      return ret === 0;
    } catch (error) {
      if (error instanceof XenscopeError) return false;
      throw error;
    }
  }

  async #done(call: PvCallsCall, failed: string, signal?: AbortSignal): Promise<void> {
    const { ret } = await this.#commands.call(call, { signal });
    if (ret !== 0) throw answeredError(ret, failed);
  }

  #orderOf({ order }: SocketOptions): number {
    const { maxOrder, edition } = this.#parts;
    if (order === undefined) return Math.min(usualOrder, maxOrder);
    if (Number.isInteger(order) && order >= edition.minOrder && order <= maxOrder) return order;
    throw new XenscopeError('input', `Data rings of order ${order} cannot be had.`, {
      wayOut: `Choose an order from ${edition.minOrder} to ${maxOrder}, which is what the backend offers.`,
    });
  }
}

function bytesOf(address: Ipv4Address): Buffer {
  const isPort = Number.isInteger(address.port) && address.port >= 0 && address.port <= 0xffff;
  if (parseIpv4(address.host) && isPort) return formatPvCallsAddress(address);
  throw new XenscopeError('input', `${addressText(address)} is no address of IPv4.`, {
    wayOut: 'Write four numbers and a port, e.g. 127.0.0.1:80.',
  });
}

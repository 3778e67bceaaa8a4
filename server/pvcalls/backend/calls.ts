/**
 * What becomes of the seven calls: the sockets of one device, its listeners and its data rings, which end
 * with it. Whatever a frontend asks has a defined answer, and of what is refused nothing stays held.
 */
import type { Clock } from '../../host/clock';
import { XenscopeError } from '../../host/errors';
import type { RingSteps } from '../../host/steps';
import { addressText, parsePvCallsAddress } from '../../wire/pvcalls/address';
import type { Ipv4Address } from '../../wire/pvcalls/address';
import { PVCALLS_AF_INET, PVCALLS_SOCK_STREAM } from '../../wire/pvcalls/commands';
import { pvcallsRet } from '../../wire/pvcalls/errno';
import type { PvCallsCall } from '../../wire/pvcalls/slots';
import type { PvCallsFindings } from '../findings';
import type { NetConnection, SocketNetwork } from '../network';
import { SocketError, retOf, socketError } from '../socketError';
import { ActiveSocket } from './activeSocket';
import { Lingering } from './lingering';
import { Listener } from './listener';
import { RingStock } from './mappedRings';
import type { MapOptions, MappedRings } from './mappedRings';
import { DeviceSpins } from '../socketSpins';
import { SocketTable } from './socketTable';
import type { BackSocket } from './socketTable';

/** What a released socket answers to whoever still waits at it. */
const released = pvcallsRet('EBADF');

export interface CallParts extends MapOptions {
  readonly network: SocketNetwork;
  readonly clock: Clock;
  /** Of several devices together; of this one alone when absent. */
  readonly lingering?: Lingering;
  readonly findings: PvCallsFindings;
  /** Steps for one ring, which `name` tells from the others. */
  readonly steps: (name: string) => RingSteps;
}

/** Answers a call; only the first answer counts. */
export type Answer = (ret: number) => void;
type CallOf<Cmd extends PvCallsCall['cmd']> = Extract<PvCallsCall, { readonly cmd: Cmd }>;

export class BackendCalls {
  readonly sockets = new SocketTable();
  readonly #parts: CallParts;
  readonly #rings: RingStock;
  readonly #spins: DeviceSpins;
  readonly #lingering: Lingering;
  #isOver = false;

  constructor(parts: CallParts) {
    this.#parts = parts;
    this.#rings = new RingStock(parts);
    this.#spins = new DeviceSpins(parts.resources.spin);
    this.#lingering = parts.lingering ?? new Lingering(parts.clock);
  }

  serve(call: PvCallsCall, answer: Answer): void {
    try {
      this.#call(call, answer);
    } catch (error) {
      this.#fail(error, answer);
    }
  }

  /** Answers 0 without doing it. Where the call makes a connected socket, there is one, to this connection. */
  pretend(call: PvCallsCall, connection: () => NetConnection, answer: Answer): void {
    try {
      if (call.cmd === 'connect') {
        this.#mayConnect(call.id);
        this.#activate(call.id, this.#rings.take(call), connection());
      } else if (call.cmd === 'accept') {
        this.sockets.mustBeNew(call.newId);
        this.#activate(call.newId, this.#rings.take(call), connection());
      }
      answer(0);
    } catch (error) {
      this.#fail(error, answer);
    }
  }

  close(): void {
    this.#isOver = true;
    for (const socket of this.sockets.clear()) {
      if (socket.kind === 'connecting') socket.giveUp();
      if (socket.kind === 'connected') socket.active.destroy();
      if (socket.kind === 'bound') socket.binding.close();
      if (socket.kind === 'listening') socket.listener.close();
    }
    this.#rings.close();
  }

  /** Throws a SocketError where the answer is known at once. */
  #call(call: PvCallsCall, answer: Answer): void {
    switch (call.cmd) {
      case 'socket':
        return this.#socket(call, answer);
      case 'connect':
        return this.#connect(call, answer);
      case 'release':
        return this.#release(call, answer);
      case 'bind':
        return this.#bind(call, answer);
      case 'listen':
        return this.#listen(call, answer);
      case 'accept':
        return this.#accept(call, answer);
      case 'poll':
        return this.#poll(call, answer);
    }
  }

  #socket({ id, domain, type, protocol }: CallOf<'socket'>, answer: Answer): void {
    // Some systems name the protocol of streams, which is TCP by its number 6.
    const isStream = domain === PVCALLS_AF_INET && type === PVCALLS_SOCK_STREAM;
    if (!isStream || (protocol !== 0 && protocol !== 6)) {
      throw socketError('ENOTSUP', `A socket of family ${domain}, type ${type}, protocol ${protocol}`);
    }
    this.sockets.mustBeNew(id);
    this.sockets.set(id, { kind: 'fresh' });
    answer(0);
  }

  /** As Linux does it, a SOCKET need not have come before. */
  #connect(call: CallOf<'connect'>, answer: Answer): void {
    const { id } = call;
    const before = this.#mayConnect(id);
    const to = addressOf(call);
    const rings = this.#rings.take(call);
    const abort = new AbortController();
    const giveUp = () => {
      abort.abort();
      this.#rings.give(rings);
      answer(released);
    };
    this.sockets.set(id, { kind: 'connecting', giveUp });
    const isOurs = () => !abort.signal.aborted;
    this.#parts.network.connect(to, abort.signal).then(
      (connection) => {
        if (!isOurs()) {
          connection.stream.on('error', () => undefined);
          return void connection.stream.destroy();
        }
        this.#activate(id, rings, connection);
        answer(0);
      },
      (error: unknown) => {
        if (!isOurs()) return;
        this.#rings.give(rings);
        // It stays the socket that it was: the guest may try another address.
        if (before) this.sockets.set(id, before);
        else this.sockets.delete(id);
        this.#fail(error, answer);
      },
    );
  }

  /** Answers the socket as it is before; throws a SocketError where it cannot be connected. */
  #mayConnect(id: bigint): BackSocket | undefined {
    const before = this.sockets.get(id);
    if (before && before.kind !== 'fresh') {
      const isConnected = before.kind === 'connected' || before.kind === 'connecting';
      throw socketError(isConnected ? 'EISCONN' : 'EINVAL', `A connect at a socket that is ${before.kind}`);
    }
    if (!before) this.sockets.mustBeNew(id);
    return before;
  }

  /** Whoever waits at the socket is answered first. */
  #release({ id, reuse }: CallOf<'release'>, answer: Answer): void {
    const socket = this.sockets.get(id);
    if (socket?.kind === 'accepting')
      throw socketError('EBUSY', `A release of a socket that waits for a connection`);
    this.sockets.delete(id);
    switch (socket?.kind) {
      // No finding: Linux's frontend releases the new socket of an ACCEPT that failed.
      case undefined:
      case 'fresh':
        break;
      case 'connecting':
      case 'binding':
        socket.giveUp();
        break;
      case 'bound':
        socket.binding.close();
        break;
      case 'listening':
        socket.listener.release();
        break;
      case 'connected': {
        const { rings, connection } = socket.active;
        const { domid, findings } = this.#parts;
        socket.active.release();
        this.#lingering.finish({ connection, domid, findings });
        this.#rings.give(rings, { keep: reuse });
        break;
      }
    }
    answer(0);
  }

  #bind(call: CallOf<'bind'>, answer: Answer): void {
    const { id } = call;
    const before = this.sockets.get(id);
    if (before && before.kind !== 'fresh')
      throw socketError('EEXIST', `A bind of a socket that is ${before.kind}`);
    if (!before) this.sockets.mustBeNew(id);
    const address = addressOf(call);
    let isGivenUp = false;
    const giveUp = () => {
      isGivenUp = true;
      answer(released);
    };
    this.sockets.set(id, { kind: 'binding', giveUp });
    this.#parts.network.bind(address).then(
      (binding) => {
        if (isGivenUp || this.#isOver) return binding.close();
        this.sockets.set(id, { kind: 'bound', binding });
        answer(0);
      },
      (error: unknown) => {
        if (isGivenUp || this.#isOver) return;
        if (before) this.sockets.set(id, before);
        else this.sockets.delete(id);
        this.#fail(error, answer);
      },
    );
  }

  #listen({ id, backlog }: CallOf<'listen'>, answer: Answer): void {
    const socket = this.sockets.get(id);
    if (socket?.kind !== 'bound')
      throw socketError('EINVAL', `A listen at a socket that is ${kindOf(socket)}`);
    const address = addressText(socket.binding.address);
    const listener = new Listener(socket.binding, backlog, () =>
      this.#parts.findings.add(
        'backlogFull',
        `A connection to ${address} was dropped: the guest accepts none.`,
      ),
    );
    this.sockets.set(id, { kind: 'listening', listener });
    answer(0);
  }

  #accept(call: CallOf<'accept'>, answer: Answer): void {
    const listener = this.#listenerFor(call);
    const { newId } = call;
    this.sockets.mustBeNew(newId);
    // Now and not when somebody comes: what cannot be mapped costs no connection.
    const rings = this.#rings.take(call);
    this.sockets.set(newId, { kind: 'accepting' });
    listener.wait({
      onReady: () => {
        this.#activate(newId, rings, listener.take());
        answer(0);
      },
      onReleased: () => {
        this.sockets.delete(newId);
        this.#rings.give(rings);
        answer(released);
      },
    });
  }

  #poll(call: CallOf<'poll'>, answer: Answer): void {
    const listener = this.#listenerFor(call);
    listener.wait({ onReady: () => answer(0), onReleased: () => answer(released) });
  }

  #listenerFor({ id, cmd }: CallOf<'accept' | 'poll'>): Listener {
    const socket = this.sockets.get(id);
    if (socket?.kind !== 'listening')
      throw socketError('EINVAL', `An ${cmd} at a socket that is ${kindOf(socket)}`);
    if (!socket.listener.isWaitedFor) return socket.listener;
    throw socketError('EINTR', `A second call that waits at one socket`);
  }

  #activate(id: bigint, rings: MappedRings, connection: NetConnection): void {
    const active = new ActiveSocket({
      spins: this.#spins.forSocket(),
      rings,
      connection,
      steps: this.#parts.steps(`socket ${id}`),
      onBroken: (error) => this.#parts.findings.add('badRing', `Socket ${id}: ${error.message}`),
    });
    this.sockets.set(id, { kind: 'connected', active });
  }

  #fail(error: unknown, answer: Answer): void {
    if (!(error instanceof XenscopeError)) throw error;
    const ret = retOf(error);
    this.#note(error);
    answer(ret);
  }

  /** What the guest can be blamed for; that nobody listens somewhere is no fault of its. */
  #note(error: XenscopeError): void {
    const { findings } = this.#parts;
    const name = error instanceof SocketError ? error.errorName : undefined;
    if (name === 'EFAULT') findings.add('notMappable', error.message);
    else if (name === 'EMFILE' || name === 'ENOMEM') findings.add('limit', error.message);
    else if (name === 'EACCES') findings.add('refusedAddress', error.message);
    else if (name === 'EINVAL' || name === 'EEXIST' || name === 'EISCONN' || name === 'EAFNOSUPPORT') {
      findings.add('badRequest', error.message);
    }
  }
}

function addressOf({ address, addressLengthBytes }: CallOf<'connect' | 'bind'>): Ipv4Address {
  const parsed = parsePvCallsAddress(address, addressLengthBytes);
  if (parsed.kind === 'bad') throw socketError(parsed.error, `The frontend gave ${parsed.why}`);
  return parsed.address;
}

function kindOf(socket: { readonly kind: string } | undefined): string {
  return socket?.kind ?? 'unknown';
}

/**
 * The backend's side of one PV Calls device: takes requests off the command ring, in copies, and answers each
 * exactly once, in whatever order the answers come. What belongs to a device is here and ends with it:
 * sockets, listeners, mappings, doorbells.
 */
import type { Clock } from '../../host/clock';
import { XenscopeError } from '../../host/errors';
import type { EventPort } from '../../host/events';
import type { SharedMemory } from '../../host/memory';
import type { RingWork } from '../../host/microSteps';
import type { RingSteps } from '../../host/steps';
import { addressText, parsePvCallsAddress } from '../../wire/pvcalls/address';
import type { Ipv4Address } from '../../wire/pvcalls/address';
import { PVCALLS_AF_INET, PVCALLS_SOCK_STREAM, pvcallsCommands } from '../../wire/pvcalls/commands';
import { pvcallsRet } from '../../wire/pvcalls/errno';
import { PVCALLS_SLOT_BYTES, parsePvCallsRequest, writePvCallsResponse } from '../../wire/pvcalls/slots';
import type { PvCallsCall, PvCallsRequest } from '../../wire/pvcalls/slots';
import { RingWorker } from '../../xenbus/rings/ringWorker';
import { BackRing } from '../../xenbus/rings/slotRingEnds';
import type { PvCallsFindings } from '../findings';
import type { NetConnection, SocketNetwork } from '../network';
import { SocketError, retOf, socketError } from '../socketError';
import { ActiveSocket } from './activeSocket';
import { Lingering } from './lingering';
import { Listener } from './listener';
import { RingStock } from './mappedRings';
import type { MapOptions, MappedRings } from './mappedRings';
import { SocketTable } from './socketTable';

const requestsAtOnce = 16;
/** What a released socket answers to whoever still waits at it. */
const released = pvcallsRet('EBADF');

export interface BackendParts extends MapOptions {
  /** The page of the command ring. */
  readonly memory: SharedMemory;
  readonly port: EventPort;
  readonly network: SocketNetwork;
  readonly clock: Clock;
  readonly findings: PvCallsFindings;
  /** Steps for one ring, which `name` tells from the others. */
  readonly steps: (name: string) => RingSteps;
  /** The frontend broke the command ring: nothing more is answered. */
  readonly onBroken: (error: XenscopeError) => void;
}

/** Answers a request; only the first answer counts. */
type Answer = (ret: number) => void;
type CallOf<Cmd extends PvCallsCall['cmd']> = Extract<PvCallsCall, { readonly cmd: Cmd }>;

export class PvCallsBackend {
  readonly sockets = new SocketTable();
  readonly #parts: BackendParts;
  readonly #ring: BackRing;
  readonly #worker: RingWorker;
  readonly #rings: RingStock;
  readonly #lingering: Lingering;
  /** Not yet in the ring: never more than it has slots. */
  #answers: Buffer[] = [];
  #isOver = false;

  constructor(parts: BackendParts) {
    const { memory, port, steps, clock, onBroken } = parts;
    this.#parts = parts;
    this.#rings = new RingStock(parts);
    this.#lingering = new Lingering(clock);
    this.#ring = new BackRing({ memory, port, slotBytes: PVCALLS_SLOT_BYTES, name: 'pvcalls' });
    this.#worker = new RingWorker(steps('commands'), () => this.#work(), onBroken);
  }

  /** Looks for requests, or at the rings of the socket whose doorbell it is. */
  look(port: EventPort = this.#parts.port): void {
    if (port === this.#parts.port) this.#worker.look();
    else this.sockets.byPort(port)?.look();
  }

  /** The device disconnects: everything ends, and nobody is answered. */
  close(): void {
    this.#isOver = true;
    this.#worker.close();
    for (const socket of this.sockets.clear()) {
      if (socket.kind === 'connecting') socket.giveUp();
      if (socket.kind === 'connected') socket.active.destroy();
      if (socket.kind === 'bound') socket.binding.close();
      if (socket.kind === 'listening') socket.listener.close();
    }
    this.#rings.close();
    this.#lingering.close();
  }

  *#work(): RingWork<void> {
    for (;;) {
      const answers = this.#answers;
      this.#answers = [];
      yield* this.#ring.respond(answers);
      const requests = yield* this.#ring.take(requestsAtOnce);
      for (const slot of requests) this.#serve(parsePvCallsRequest(slot));
      if (requests.length === 0 && this.#answers.length === 0) return;
    }
  }

  #serve(request: PvCallsRequest): void {
    const { reqId } = request;
    const isKnown = request.cmd !== 'unknown';
    const cmd = isKnown ? pvcallsCommands[request.cmd] : request.number;
    const id = isKnown ? request.id : 0n;
    let isAnswered = false;
    const answer: Answer = (ret) => {
      if (isAnswered || this.#isOver) return;
      isAnswered = true;
      this.#answers.push(writePvCallsResponse({ reqId, cmd, ret, id }));
      this.#worker.look();
    };
    if (!isKnown) {
      this.#parts.findings.add('unknownCommand', `The frontend sent command ${cmd}, which there is not.`);
      return answer(pvcallsRet('ENOTSUP'));
    }
    try {
      this.#call(request, answer);
    } catch (error) {
      this.#fail(error, answer);
    }
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
    const before = this.sockets.get(id);
    if (before && before.kind !== 'fresh') {
      const isConnected = before.kind === 'connected' || before.kind === 'connecting';
      throw socketError(isConnected ? 'EISCONN' : 'EINVAL', `A connect at a socket that is ${before.kind}`);
    }
    if (!before) this.sockets.mustBeNew(id);
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

  /** Whoever waits at the socket is answered first. */
  #release({ id, reuse }: CallOf<'release'>, answer: Answer): void {
    const socket = this.sockets.get(id);
    if (socket?.kind === 'accepting')
      throw socketError('EBUSY', `A release of a socket that waits for a connection`);
    this.sockets.delete(id);
    switch (socket?.kind) {
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
        const { rings } = socket.active;
        this.#lingering.finish(socket.active.release());
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

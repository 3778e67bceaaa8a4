/**
 * The sockets of one device, by the commands that were seen. What a frontend asks for is believed when it was
 * answered well; what was answered unseen is guessed, and mended by what comes. Numbers of sockets and grants are
 * the frontend's, and may be anything: one that comes again takes the place of the one before.
 */
import { deviceRingId, type DeviceRing } from '../../wire/deviceRings/deviceRing';
import type { PvCallsResponse, RingPlace } from '../../wire/pvcalls/slots';
import type { SeenTime } from '../heldTime';
import { type CallSeen, addressOf, errnoOf, socketText, titleOf } from './callSeen';
import type { PvCallsKeptRings, PvCallsKnowledge } from './pvcallsTypes';
import { SocketSeen } from './socketSeen';

/** Backends of ours serve as many; further ones are counted. */
export const maxSeenSockets = 4_096;
/** Without a number of their own: found by their rings alone. The oldest go first. */
export const maxNamelessSockets = 64;
/** Backends of ours keep as many; the oldest are forgotten. */
export const maxKeptRings = 64;

export class SocketBook {
  #device: DeviceRing;
  readonly #all = new Set<SocketSeen>();
  readonly #byId = new Map<bigint, SocketSeen>();
  readonly #byRef = new Map<number, SocketSeen>();
  readonly #nameless = new Set<SocketSeen>();
  readonly #kept = new Map<number, PvCallsKeptRings>();
  #made = 0;
  /** Sockets beyond the limit, of which nothing is told. */
  leftOut = 0;
  /** Counts up when data rings may have come or gone. */
  ringsVersion = 0;

  /** `device`: its command ring. */
  constructor(device: DeviceRing) {
    this.#device = device;
  }

  /** The device shares another command ring. */
  attach(device: DeviceRing): void {
    this.#device = device;
  }

  /** The oldest first. */
  get all(): ReadonlySet<SocketSeen> {
    return this.#all;
  }

  get kept(): readonly PvCallsKeptRings[] {
    return [...this.#kept.values()];
  }

  /** Data rings that there are now, by what was seen. Of two sockets with one number the newer one. */
  *rings(): Generator<DeviceRing> {
    for (const socket of this.#all) {
      const { ring, id } = socket;
      if (ring && (id === undefined || this.#byId.get(id) === socket)) yield ring;
    }
  }

  /** A request was seen. */
  asked(call: CallSeen, time: SeenTime): void {
    const { request } = call;
    if (!request || request.cmd === 'unknown') return;
    const madeBefore = this.#made;
    const known = this.#byId.get(request.id);
    const isAnew = request.cmd === 'socket' && (!known || known.state === 'releasing');
    const socket = isAnew ? this.#make(request.id, call.known, time) : (known ?? this.#stranger(call, time));
    if (!socket) return;
    call.socket = socket;
    call.socketWas = socket.state;
    call.isFirstOfSocket = this.#made > madeBefore;
    socket.begin(call);
    if (request.cmd === 'socket' && socket.state === 'unknown') socket.enter('creating', time);
    if (request.cmd === 'release') socket.enter('releasing', time);
    // One that has waited there since before anybody looked was not refused.
    if (call.known === 'oldSlot') this.#listens(call, socket, time);
    if (request.cmd !== 'connect' || !isUnconnected(socket)) return;
    socket.remote = addressOf(request);
    socket.enter('connecting', time);
  }

  /** What was taken for its request was something else: as if nothing had been asked by it. */
  takeBack(call: CallSeen, time: SeenTime): void {
    const { socket, socketWas } = call;
    call.socket = undefined;
    if (!socket || socket.goneAt) return;
    socket.end(call);
    if (call.isFirstOfSocket && socket.pending.size === 0) return this.#makeUndone(socket, time);
    if (socket.state === 'connecting' && call.cmd === 'connect') socket.remote = undefined;
    socket.enter(socketWas ?? 'unknown', time);
  }

  #makeUndone(socket: SocketSeen, time: SeenTime): void {
    this.#remove(socket, time);
    const { id } = socket;
    if (id === undefined || this.#byId.has(id)) return;
    // The one whose place it took, while that one's release was under way.
    for (const other of this.#all) if (other.id === id) this.#byId.set(id, other);
  }

  /** The request had been seen, and so was its response. */
  answered(call: CallSeen, { cmd, ret }: PvCallsResponse, time: SeenTime): void {
    call.socket?.end(call);
    // An answer to something else says nothing of this.
    if (cmd !== call.number) return;
    const isGone = call.socket?.goneAt !== undefined;
    if (ret !== 0) return isGone ? undefined : this.#failed(call, ret, time);
    const socket = isGone ? this.#again(call, time) : call.socket;
    if (socket) this.#done(call, socket, time);
  }

  /** It was answered, or forgotten, unseen: what mostly comes of it is taken for granted. */
  lost(call: CallSeen, time: SeenTime): void {
    const { socket, cmd } = call;
    socket?.end(call);
    if (!socket || socket.goneAt) return;
    this.#done(call, socket, time);
    // Whether it went well, its rings tell.
    if (cmd === 'connect') socket.enter('unknown', time);
  }

  /** A response alone. `left`: where data rings are, by what stands behind it. */
  answeredOnly(
    { cmd: number, id, ret }: PvCallsResponse,
    left: RingPlace | undefined,
    known: PvCallsKnowledge,
    time: SeenTime,
  ): void {
    const title = titleOf(number);
    const error = errnoOf(ret);
    const there = this.#byId.get(id);
    if (error) {
      const socket = there ?? (title === 'CONNECT' ? this.#make(id, known, time) : undefined);
      socket?.fail({ cmd: title, error, timeMs: time.nowMs });
      if (socket && title === 'CONNECT' && isUnconnected(socket)) socket.enter('failed', time);
      return;
    }
    if (title === 'RELEASE') return this.#release(there ?? this.#onlyNameless, false, time);
    if (title === 'ACCEPT') return this.#acceptedOnly(id, left, known, time);
    const states = { SOCKET: 'created', CONNECT: 'connected', BIND: 'bound', LISTEN: 'listening' } as const;
    const isPoll = title === 'POLL';
    if (!isPoll && !Object.hasOwn(states, title)) return;
    // A command at it may have been seen before this response was; one that has become something was released.
    const isOther = title === 'SOCKET' && there && !isBeginning(there);
    const socket = !there || isOther ? this.#make(id, known, time) : there;
    if (title === 'SOCKET' && socket?.state === 'connecting') return;
    socket?.enter(isPoll ? 'listening' : states[title as keyof typeof states], time);
    if (socket && title === 'CONNECT' && left) this.#place(socket, left, 'an old CONNECT', time);
  }

  /** The device begins anew: nothing of before counts. */
  forget(time: SeenTime): void {
    for (const socket of this.#all) this.#remove(socket, time);
    this.#kept.clear();
    this.leftOut = 0;
  }

  #failed(call: CallSeen, ret: number, time: SeenTime): void {
    const { cmd, socket, socketWas } = call;
    if (!socket) return;
    socket.fail({ cmd: call.title, error: errnoOf(ret)!, timeMs: time.nowMs });
    if (cmd === 'release' && socket.state === 'releasing') socket.enter(socketWas ?? 'unknown', time);
    if (cmd === 'connect' && socket.state === 'connecting') socket.enter('failed', time);
    if (cmd === 'socket' && socket.state === 'creating') socket.enter('failed', time);
    if ((cmd === 'bind' || cmd === 'listen') && isUnconnected(socket)) socket.enter('failed', time);
  }

  #done(call: CallSeen, socket: SocketSeen, time: SeenTime): void {
    const { request } = call;
    switch (request?.cmd) {
      case 'socket': {
        // One that was there already was released unseen.
        const isNew = call.socketWas === 'unknown' && socket.place === undefined;
        return (isNew ? socket : this.#make(request.id, call.known, time))?.enter('created', time);
      }
      case 'connect':
        socket.enter('connected', time);
        return this.#place(socket, request, `CONNECT ${request.reqId}`, time);
      case 'release':
        return this.#release(socket, request.reuse, time);
      case 'bind':
        socket.local = addressOf(request);
        return socket.enter('bound', time);
      case 'listen':
        socket.backlog = request.backlog;
        return socket.enter('listening', time);
      case 'accept': {
        this.#listens(call, socket, time);
        const accepted = this.#make(request.newId, call.known, time);
        if (!accepted) return;
        accepted.listener = socket;
        accepted.local = socket.local;
        accepted.enter('connected', time);
        return this.#place(accepted, request, `ACCEPT ${request.reqId}`, time);
      }
      case 'poll':
        return this.#listens(call, socket, time);
      case 'unknown':
      case undefined:
    }
  }

  /** Nobody saw what its socket was made; a call that only a listener takes tells. */
  #listens({ cmd }: CallSeen, socket: SocketSeen, time: SeenTime): void {
    const isListeners = cmd === 'accept' || cmd === 'poll';
    if (isListeners && (socket.state === 'unknown' || socket.state === 'creating'))
      socket.enter('listening', time);
  }

  /** The number of the new socket is not known: its rings are all there is of it. */
  #acceptedOnly(id: bigint, left: RingPlace | undefined, known: PvCallsKnowledge, time: SeenTime): void {
    const listener = this.#byId.get(id) ?? this.#make(id, known, time);
    if (listener && listener.state !== 'releasing') listener.enter('listening', time);
    if (!left || this.#byRef.has(left.ref)) return;
    const socket = this.#make(undefined, known, time);
    if (!socket) return;
    socket.listener = listener;
    socket.local = listener?.local;
    socket.enter('connected', time);
    this.#place(socket, left, 'an old ACCEPT', time);
  }

  /** Its number was released unseen while it waited, and is another socket's now. */
  #again(call: CallSeen, time: SeenTime): SocketSeen | undefined {
    const { request } = call;
    if (request?.cmd !== 'socket' && request?.cmd !== 'connect') return undefined;
    call.socketWas = 'unknown';
    call.socket = this.#make(request.id, call.known, time);
    if (call.socket && request.cmd === 'connect') call.socket.remote = addressOf(request);
    return call.socket;
  }

  /** A command at a socket that was not seen to be made. A RELEASE may mean the only one without a number. */
  #stranger(call: CallSeen, time: SeenTime): SocketSeen | undefined {
    const { id, cmd } = call;
    return cmd === 'release' ? this.#onlyNameless : this.#make(id, call.known, time);
  }

  get #onlyNameless(): SocketSeen | undefined {
    const [only, ...others] = this.#nameless;
    return others.length === 0 ? only : undefined;
  }

  #make(id: bigint | undefined, known: PvCallsKnowledge, time: SeenTime): SocketSeen | undefined {
    const before = id === undefined ? undefined : this.#byId.get(id);
    // One that is being released goes by itself; of any other the release was not seen.
    if (before && before.state !== 'releasing') this.#remove(before, time);
    if (this.#all.size >= maxSeenSockets) {
      this.leftOut++;
      return undefined;
    }
    const socket = new SocketSeen(`s${++this.#made}`, id, known, time);
    this.#all.add(socket);
    this.ringsVersion++;
    if (id !== undefined) this.#byId.set(id, socket);
    else this.#addNameless(socket, time);
    return socket;
  }

  #addNameless(socket: SocketSeen, time: SeenTime): void {
    this.#nameless.add(socket);
    const [oldest] = this.#nameless;
    if (this.#nameless.size > maxNamelessSockets) this.#remove(oldest!, time);
  }

  #place(socket: SocketSeen, { ref, evtchn }: RingPlace, node: string, time: SeenTime): void {
    const before = this.#byRef.get(ref);
    // The frontend lends the page anew: the release of who had it was not seen.
    if (before && before !== socket) this.#remove(before, time);
    if (socket.place) this.#byRef.delete(socket.place.ref);
    this.#kept.delete(ref);
    this.#byRef.set(ref, socket);
    const { id } = socket;
    const name = id === undefined ? `grant ${ref}` : socketText(id);
    socket.place = { ref, evtchn };
    socket.ring = {
      ...this.#device,
      name,
      format: { kind: 'pvcallsData' },
      grefs: [ref],
      port: evtchn,
      node,
    };
    socket.ringId = deviceRingId(socket.ring);
    socket.version++;
    this.ringsVersion++;
  }

  #release(socket: SocketSeen | undefined, reuse: boolean, time: SeenTime): void {
    if (!socket) return;
    const { place, id } = socket;
    this.#remove(socket, time);
    if (!reuse || !place) return;
    this.#kept.set(place.ref, { ...place, id: String(id ?? ''), sinceMs: time.nowMs });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > maxKeptRings) this.#kept.delete(oldest!);
  }

  #remove(socket: SocketSeen, time: SeenTime): void {
    if (!this.#all.delete(socket)) return;
    const { id, place } = socket;
    socket.goneAt = time;
    // Else each would keep the one before it, where sockets accept one another.
    socket.listener = undefined;
    this.ringsVersion++;
    this.#nameless.delete(socket);
    if (id !== undefined && this.#byId.get(id) === socket) this.#byId.delete(id);
    if (place && this.#byRef.get(place.ref) === socket) this.#byRef.delete(place.ref);
  }
}

/** It may have been made just now. */
function isBeginning({ state }: SocketSeen): boolean {
  return (
    state === 'unknown' ||
    state === 'creating' ||
    state === 'created' ||
    state === 'connecting' ||
    state === 'failed'
  );
}

/** It is nothing yet that a failure would take away. */
function isUnconnected({ state }: SocketSeen): boolean {
  return state !== 'connected' && state !== 'listening' && state !== 'releasing';
}

/**
 * The frontend's end of the command ring: any number of calls at once, of which as many are in the ring as fit.
 * A call that was sent cannot be taken back; who no longer waits for it may say what becomes of a late answer.
 */
import { XenscopeError } from '../../host/errors';
import type { EventPort } from '../../host/events';
import type { SharedMemory } from '../../host/memory';
import type { RingWork } from '../../host/microSteps';
import type { RingSteps } from '../../host/steps';
import { pvcallsCommands } from '../../wire/pvcalls/commands';
import { PVCALLS_SLOT_BYTES, parsePvCallsResponse, writePvCallsRequest } from '../../wire/pvcalls/slots';
import type { PvCallsCall, PvCallsResponse } from '../../wire/pvcalls/slots';
import { RingWorker } from '../../xenbus/rings/ringWorker';
import { FrontRing } from '../../xenbus/rings/slotRingEnds';
import type { PvCallsFindings } from '../findings';

/** Calls that wait for a slot; further ones are refused. */
const maxWaiting = 4096;
/**
 * How many slots are left to others by calls that may wait for long at the backend. An ACCEPT or a POLL may for ever, and
 * the RELEASE that would end it has to come by; a CONNECT until its network has given up.
 */
const slotsLeftBy = (cmd: PvCallsCall['cmd']) =>
  cmd === 'accept' || cmd === 'poll' ? 2 : cmd === 'connect' ? 1 : 0;

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface CommandRingParts {
  readonly memory: SharedMemory;
  readonly port: EventPort;
  readonly steps: RingSteps;
  readonly findings: PvCallsFindings;
  /** The backend broke the ring: no call is answered any more. */
  readonly onBroken: (error: XenscopeError) => void;
}

interface Pending {
  readonly call: PvCallsCall;
  /** It was told that no slot is left for it. */
  isToldOf?: boolean;
  settle(response: PvCallsResponse): void;
  fail(error: Error): void;
}

export class CommandRing {
  readonly #ring: FrontRing;
  readonly #worker: RingWorker;
  readonly #findings: PvCallsFindings;
  /** Not yet in the ring, by the numbers of their requests, in their order. */
  readonly #waiting = new Map<number, Pending>();
  readonly #inFlight = new Map<number, Pending>();
  /** Answers that nobody waits for any more, of calls that a backend may never answer. */
  readonly #forgotten = new Set<number>();
  #lastReqId = 0;
  #over: XenscopeError | undefined;

  constructor({ memory, port, steps, findings, onBroken }: CommandRingParts) {
    this.#findings = findings;
    this.#ring = new FrontRing({ memory, port, slotBytes: PVCALLS_SLOT_BYTES, name: 'pvcalls' });
    this.#worker = new RingWorker(
      steps,
      () => this.#work(),
      (error) => {
        this.close(error);
        onBroken(error);
      },
    );
  }

  /** Calls that the backend has, and those that wait for a slot. */
  get inFlight(): number {
    return this.#inFlight.size + this.#waiting.size;
  }

  look(): void {
    this.#worker.look();
  }

  /**
   * Resolves with whatever is answered, errors included. Rejects with a XenscopeError: `cancelled` when the
   * signal is aborted, `gone` when the device disconnects, `limit`.
   */
  call(call: PvCallsCall, { signal }: CallOptions = {}): Promise<PvCallsResponse> {
    if (this.#over) return Promise.reject(this.#over);
    if (signal?.aborted) return Promise.reject(cancelled(call, signal));
    if (call.cmd === 'release') this.#giveUpWaiting(call.id);
    if (this.#waiting.size >= maxWaiting) {
      const wayOut = 'Wait for answers first.';
      return Promise.reject(new XenscopeError('limit', `${maxWaiting} calls wait already.`, { wayOut }));
    }
    const reqId = this.#newReqId();
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        // One that the backend has stays in flight, until it is answered.
        if (!this.#waiting.delete(reqId)) this.#inFlight.set(reqId, { call, settle: nothing, fail: nothing });
        reject(cancelled(call, signal!));
      };
      const over = () => signal?.removeEventListener('abort', onAbort);
      this.#waiting.set(reqId, {
        call,
        settle: (response) => (over(), resolve(response)),
        fail: (error) => (over(), reject(error)),
      });
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#worker.look();
    });
  }

  /** A socket was released: what still waits at it fails. Some backends never answer that. */
  forget(id: bigint): void {
    for (const [reqId, pending] of this.#inFlight) {
      if (pending.call.id !== id) continue;
      this.#inFlight.delete(reqId);
      this.#forgotten.add(reqId);
      pending.fail(releasedBefore(pending.call));
    }
  }

  /** What would reach the backend behind the RELEASE, which comes by. */
  #giveUpWaiting(id: bigint): void {
    for (const [reqId, { call, fail }] of this.#waiting) {
      if (call.id !== id || slotsLeftBy(call.cmd) === 0) continue;
      this.#waiting.delete(reqId);
      fail(releasedBefore(call));
    }
  }

  /** All calls fail with `error`; nothing is looked at any more. */
  close(error: XenscopeError): void {
    if (this.#over) return;
    this.#over = error;
    this.#worker.close();
    const pending = [...this.#inFlight.values(), ...this.#waiting.values()];
    this.#inFlight.clear();
    this.#waiting.clear();
    for (const { fail } of pending) fail(error);
  }

  *#work(): RingWork<void> {
    yield* this.#ring.take((slot) => this.#onResponse(parsePvCallsResponse(slot)));
    yield* this.#ring.push(this.#nextSlots());
  }

  /** In the order in which they were asked, but for those that have to leave a slot to others. */
  #nextSlots(): Buffer[] {
    const { free, slots: slotsInAll } = this.#ring;
    const next: Buffer[] = [];
    /** By how many slots they have to leave; those that nobody waits for any more may stay as long as an ACCEPT. */
    const inRing = [0, 0, this.#forgotten.size];
    for (const { call } of this.#inFlight.values()) inRing[slotsLeftBy(call.cmd)]!++;
    for (const [reqId, pending] of this.#waiting) {
      if (next.length >= free) break;
      const left = slotsLeftBy(pending.call.cmd);
      const [, connecting, accepting] = inRing as [number, number, number];
      if (left === 2 && accepting >= slotsInAll - 2) {
        this.#tellOfWaiting(pending, accepting);
        continue;
      }
      if (left > 0 && connecting + accepting >= slotsInAll - 1) continue;
      inRing[left]!++;
      this.#waiting.delete(reqId);
      this.#inFlight.set(reqId, pending);
      next.push(writePvCallsRequest(reqId, pending.call));
    }
    return next;
  }

  #tellOfWaiting(pending: Pending, waiting: number): void {
    if (pending.isToldOf) return;
    pending.isToldOf = true;
    const { cmd, id } = pending.call;
    this.#findings.add(
      'limit',
      `${waiting} calls wait for connections at the backend already, or for answers that nobody wants any more: the ${cmd} of socket ${id} reaches it when one of them is over.`,
    );
  }

  #onResponse(response: PvCallsResponse): void {
    const { reqId, cmd, id } = response;
    const pending = this.#inFlight.get(reqId);
    if (!pending) {
      if (this.#forgotten.delete(reqId)) return;
      return this.#findings.add(
        'unaskedResponse',
        `The backend answered request ${reqId}, which was not asked.`,
      );
    }
    this.#inFlight.delete(reqId);
    const { call } = pending;
    if (cmd !== pvcallsCommands[call.cmd]) {
      const text = `The backend answered command ${cmd} to request ${reqId}, which was ${call.cmd}.`;
      this.#findings.add('wrongResponse', text);
      return pending.fail(new XenscopeError('protocol', text));
    }
    if (id !== call.id) {
      // The number of the request says what is meant; backends that refuse a call leave this one as it was.
      this.#findings.add(
        'wrongResponse',
        `The backend answered ${call.cmd} with socket ${id} instead of ${call.id}.`,
      );
    }
    pending.settle(response);
  }

  #newReqId(): number {
    do this.#lastReqId = (this.#lastReqId + 1) >>> 0;
    while (
      this.#inFlight.has(this.#lastReqId) ||
      this.#waiting.has(this.#lastReqId) ||
      this.#forgotten.has(this.#lastReqId)
    );
    return this.#lastReqId;
  }
}

const nothing = () => undefined;

function releasedBefore({ cmd }: PvCallsCall): XenscopeError {
  return new XenscopeError('gone', `The socket of this ${cmd} was released.`);
}

function cancelled({ cmd }: PvCallsCall, signal: AbortSignal): XenscopeError {
  return new XenscopeError('cancelled', `Nobody waits for this ${cmd} any longer.`, { cause: signal.reason });
}

/**
 * The backend's side of one PV Calls device: takes requests off the command ring, in copies, and answers each
 * exactly once, in whatever order the answers come.
 */
import type { XenscopeError } from '../../host/errors';
import type { EventPort } from '../../host/events';
import type { SharedMemory } from '../../host/memory';
import type { RingWork } from '../../host/microSteps';
import { pvcallsCommands } from '../../wire/pvcalls/commands';
import { pvcallsRet } from '../../wire/pvcalls/errno';
import { PVCALLS_SLOT_BYTES, parsePvCallsRequest, writePvCallsResponse } from '../../wire/pvcalls/slots';
import type { PvCallsRequest } from '../../wire/pvcalls/slots';
import { RingWorker } from '../../xenbus/rings/ringWorker';
import { BackRing } from '../../xenbus/rings/slotRingEnds';
import { BackendCalls } from './calls';
import type { Answer, CallParts } from './calls';
import type { SocketTable } from './socketTable';

const requestsAtOnce = 16;

export interface BackendParts extends CallParts {
  /** The page of the command ring. */
  readonly memory: SharedMemory;
  readonly port: EventPort;
  /** The frontend broke the command ring: nothing more is answered. */
  readonly onBroken: (error: XenscopeError) => void;
}

export class PvCallsBackend {
  readonly #parts: BackendParts;
  readonly #calls: BackendCalls;
  readonly #ring: BackRing;
  readonly #worker: RingWorker;
  /** Not yet in the ring: never more than it has slots. */
  #answers: Buffer[] = [];
  #isOver = false;

  constructor(parts: BackendParts) {
    const { memory, port, steps, onBroken } = parts;
    this.#parts = parts;
    this.#calls = new BackendCalls(parts);
    this.#ring = new BackRing({ memory, port, slotBytes: PVCALLS_SLOT_BYTES, name: 'pvcalls' });
    this.#worker = new RingWorker(steps('commands'), () => this.#work(), onBroken);
  }

  get sockets(): SocketTable {
    return this.#calls.sockets;
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
    this.#calls.close();
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
    if (isKnown) return this.#calls.serve(request, answer);
    this.#parts.findings.add('unknownCommand', `The frontend sent command ${cmd}, which there is not.`);
    answer(pvcallsRet('ENOTSUP'));
  }
}

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
import type { CallGate, CallWays } from './gate';
import { pretendedConnection } from './pretended';
import type { SocketTable } from './socketTable';

const requestsAtOnce = 16;

export interface BackendParts extends CallParts {
  /** The page of the command ring. */
  readonly memory: SharedMemory;
  readonly port: EventPort;
  /** Where requests come by first; absent where all pass. */
  readonly gate?: CallGate | undefined;
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
    this.#parts.gate?.close();
    this.#calls.close();
  }

  *#work(): RingWork<void> {
    for (;;) {
      const answers = this.#answers;
      this.#answers = [];
      yield* this.#ring.respond(answers);
      const requests = yield* this.#ring.take(requestsAtOnce);
      for (const slot of requests) this.#receive(slot);
      if (requests.length === 0 && this.#answers.length === 0) return;
    }
  }

  #receive(slot: Buffer): void {
    const { gate } = this.#parts;
    const request = parsePvCallsRequest(slot);
    const answer = this.#answerTo(request);
    if (!gate) return this.#serve(request, answer);
    gate.arrive({ request, slot, ways: this.#waysOf(request, answer) });
  }

  #serve(request: PvCallsRequest, answer: Answer): void {
    if (request.cmd !== 'unknown') return this.#calls.serve(request, answer);
    const text = `The frontend sent command ${request.number}, which there is not.`;
    this.#parts.findings.add('unknownCommand', text);
    answer(pvcallsRet('ENOTSUP'));
  }

  #answerTo(request: PvCallsRequest): Answer {
    const { reqId } = request;
    const isKnown = request.cmd !== 'unknown';
    const cmd = isKnown ? pvcallsCommands[request.cmd] : request.number;
    const id = isKnown ? request.id : 0n;
    let isAnswered = false;
    return (ret) => {
      if (isAnswered || this.#isOver) return;
      isAnswered = true;
      this.#answers.push(writePvCallsResponse({ reqId, cmd, ret, id }));
      this.#parts.gate?.answered(request, ret);
      this.#worker.look();
    };
  }

  #waysOf(request: PvCallsRequest, answer: Answer): CallWays {
    let isDecided = false;
    const first = (way: () => void) => {
      if (isDecided || this.#isOver) return;
      isDecided = true;
      way();
    };
    return {
      pass: () => first(() => this.#serve(request, answer)),
      answer: (ret) => first(() => answer(ret)),
      pretend: (peer) =>
        first(() => {
          if (request.cmd === 'unknown') answer(0);
          else this.#calls.pretend(request, () => pretendedConnection(peer), answer);
        }),
    };
  }
}

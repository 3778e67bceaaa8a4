/** A backend that a test plays by hand: it answers each request with a number, with nothing, or with any slot. */
import { XenscopeError } from '../../server/host/errors';
import type { EventPort } from '../../server/host/events';
import type { SharedMemory } from '../../server/host/memory';
import type { RingWork } from '../../server/host/microSteps';
import { pvcallsCommands } from '../../server/wire/pvcalls/commands';
import {
  PVCALLS_SLOT_BYTES,
  parsePvCallsRequest,
  writePvCallsResponse,
} from '../../server/wire/pvcalls/slots';
import type { PvCallsRequest, PvCallsResponse, RingPlace } from '../../server/wire/pvcalls/slots';
import { BackRing } from '../../server/xenbus/rings/slotRingEnds';
import { run } from './rawFrontend';
import { FRONT } from './rig';
import type { CommandPage, PvCallsRig } from './rig';

export class RawBackend {
  readonly commands: Omit<CommandPage, 'gref'>;
  readonly #ring: BackRing;
  readonly #mapped = new Map<number, { readonly memory: SharedMemory; readonly port: EventPort }>();

  /** `answer` gives the `ret` of a request, or undefined where nothing is answered. */
  constructor(
    private readonly rig: PvCallsRig,
    page: CommandPage,
    private readonly answer: (request: PvCallsRequest, backend: RawBackend) => number | undefined,
  ) {
    this.commands = rig.mapCommands(page);
    this.#ring = new BackRing({ ...this.commands, slotBytes: PVCALLS_SLOT_BYTES, name: 'pvcalls' });
    rig.back.onEvent = () => {
      try {
        run(this.#work());
      } catch (error) {
        // Its own ring, when a test has broken that.
        if (!(error instanceof XenscopeError)) throw error;
      }
    };
  }

  respond(response: PvCallsResponse): void {
    run(this.#ring.respond([writePvCallsResponse(response)]));
  }

  /** Writes a word of a socket's page of indices, and rings. */
  setWord(place: RingPlace, offset: number, value: number): void {
    const { resources } = this.rig.back;
    const mapped = this.#mapped.get(place.ref) ?? {
      memory: resources.map(FRONT, [place.ref]).memory,
      port: resources.bindInterdomain(FRONT, place.evtchn),
    };
    this.#mapped.set(place.ref, mapped);
    mapped.memory.store32(offset, value);
    mapped.port.notify();
  }

  *#work(): RingWork<void> {
    for (;;) {
      const requests = yield* this.#ring.take(16);
      if (requests.length === 0) return;
      for (const slot of requests) {
        const request = parsePvCallsRequest(slot);
        const ret = this.answer(request, this);
        if (ret === undefined || request.cmd === 'unknown') continue;
        const { reqId, cmd, id } = request;
        this.respond({ reqId, cmd: pvcallsCommands[cmd], ret, id });
      }
    }
  }
}

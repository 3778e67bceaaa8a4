/**
 * A whole device to copy: one ring of slots of 16 bytes, on which the backend answers each request with
 * the same bytes. Everything that a class of devices has to do is here, and nothing else; what it shares,
 * maps and binds is given back by the drivers.
 */
import { XenscopeError } from '../host/errors';
import type { RingWork } from '../host/microSteps';
import { freeSteps } from '../host/steps';
import type { RingSteps } from '../host/steps';
import { XenbusState } from '../wire/xenbusState';
import type { BackendKind, FrontendKind } from './bus';
import type { DeviceClass } from './deviceClass';
import type { DeviceEnd } from './deviceEnd';
import type { Entries } from './nodes';
import { otherNumber } from './otherEnd';
import { linuxBackend } from './policies/linux';
import { RingWorker } from './rings/ringWorker';
import { BackRing, FrontRing } from './rings/slotRingEnds';

export const ECHO_SLOT_BYTES = 16;
/** Requests that wait for room in the ring; further ones are refused. */
const maxWaiting = 256;

/** To be given to `runBackends` under the name of the kind. */
export function echoBackend(steps: RingSteps = freeSteps): BackendKind {
  return { policy: linuxBackend, make: (device) => new EchoBack(device, steps) };
}

/** To be given to `runFrontends`; `onConnected` is handed each device when it can be used. */
export function echoFrontend(
  onConnected: (device: EchoFront) => void,
  steps: RingSteps = freeSteps,
): FrontendKind {
  return {
    habits: { published: XenbusState.Initialised, closesFirst: 'ifUsed', reopens: true },
    make: (device) => new EchoFront(device, steps, onConnected),
  };
}

interface Asked {
  readonly resolve: (response: Buffer) => void;
  readonly reject: (error: XenscopeError) => void;
}

class EchoBack implements DeviceClass {
  #worker: RingWorker | undefined;

  constructor(
    private readonly device: DeviceEnd,
    private readonly steps: RingSteps,
  ) {}

  /** What it can do, for the frontend to read before it publishes its ring. */
  init(): Entries {
    return [['feature-echo', 1]];
  }

  async initialise(): Promise<Entries> {
    const { resources, other } = this.device;
    const gref = await otherNumber(this.device, 'ring-ref');
    const remotePort = await otherNumber(this.device, 'event-channel');
    if (gref === undefined || remotePort === undefined) {
      throw new XenscopeError('protocol', `${other.path} names no ring, or no event channel.`);
    }
    const { memory } = resources.map(other.domid, [gref]);
    const port = resources.bindInterdomain(other.domid, remotePort);
    const ring = new BackRing({ memory, port, slotBytes: ECHO_SLOT_BYTES, name: 'echo' });
    this.#worker = new RingWorker(
      this.steps,
      () => ring.answerAll((request) => request),
      ({ message }) => this.device.ports.log(message),
    );
    return [];
  }

  connected(): void {
    this.#worker?.look();
  }

  event(): void {
    this.#worker?.look();
  }

  disconnect(): void {
    this.#worker?.close();
  }
}

export class EchoFront implements DeviceClass {
  #ring: FrontRing | undefined;
  #worker: RingWorker | undefined;
  #waiting: Buffer[] = [];
  /** In the order in which they asked. */
  #asked: Asked[] = [];

  constructor(
    private readonly device: DeviceEnd,
    private readonly steps: RingSteps,
    private readonly onConnected: (device: EchoFront) => void,
  ) {}

  initialise(): Entries {
    const { resources, other } = this.device;
    const { grefs, memory } = resources.share(other.domid, 1);
    const port = resources.bindUnbound(other.domid);
    this.#ring = new FrontRing({ memory, port, slotBytes: ECHO_SLOT_BYTES, name: 'echo' });
    this.#worker = new RingWorker(
      this.steps,
      () => this.#work(),
      (error) => {
        this.device.ports.log(error.message);
        this.#giveUp(error);
      },
    );
    return [
      ['ring-ref', grefs[0]!],
      ['event-channel', port.port],
    ];
  }

  connected(): void {
    this.onConnected(this);
  }

  event(): void {
    this.#worker?.look();
  }

  disconnect(): void {
    this.#giveUp(disconnected());
  }

  /** Resolves with what comes back; rejects when the device disconnects before, or its ring breaks. At most 16 bytes. */
  echo(bytes: Uint8Array): Promise<Buffer> {
    if (bytes.length > ECHO_SLOT_BYTES) {
      throw new XenscopeError('input', `${bytes.length} bytes do not fit into a slot of ${ECHO_SLOT_BYTES}.`);
    }
    if (this.#waiting.length >= maxWaiting) {
      throw new XenscopeError('limit', `${maxWaiting} requests wait already.`, {
        wayOut: 'Wait for answers first.',
      });
    }
    if (!this.#worker) throw disconnected();
    const slot = Buffer.alloc(ECHO_SLOT_BYTES);
    slot.set(bytes);
    return new Promise((resolve, reject) => {
      this.#waiting.push(slot);
      this.#asked.push({ resolve, reject });
      this.#worker?.look();
    });
  }

  /** Nobody who waits is left waiting. */
  #giveUp(error: XenscopeError): void {
    this.#worker?.close();
    this.#worker = undefined;
    this.#waiting = [];
    for (const { reject } of this.#asked.splice(0)) reject(error);
  }

  /** The backend answers in order, so the first answer is for the first who asked. */
  *#work(): RingWork<void> {
    const ring = this.#ring!;
    yield* ring.take((response) => this.#asked.shift()?.resolve(response));
    yield* ring.push(this.#waiting.splice(0, ring.free));
  }
}

function disconnected(): XenscopeError {
  return new XenscopeError('gone', 'The device is not connected any more.', {
    wayOut: 'Ask again when it is connected anew.',
  });
}

/**
 * The store connection of a guest's kernel: its end of the ring, how it takes the ring over when it
 * boots, and a store client on it.
 */
import type { Clock } from '../../host/clock';
import type { StoreClient } from '../../host/storeClient';
import { dialRing } from '../../store/client/ringDial';
import type { RingDial } from '../../store/client/ringDial';
import { skipRepliesAsLinux, wipeRingAsHvmloader } from '../../store/client/ringReset';
import { openStoreClient } from '../../store/client/storeClient';
import { XS_RING_PAGE, XsRingFeature } from '../../wire/xsRing';
import type { Domain } from '../domain';
import type { WorldTime } from '../due';
import type { Faults } from '../faults';
import type { StartInfo } from '../machine/machine';
import { patientStore } from './patientStore';
import { insaneIndex, storeRingSteps } from './storeRingSteps';
import type { StepListener } from './storeRingSteps';

const { server_features, req_cons, req_prod } = XS_RING_PAGE.fields;

export interface GuestKernelOptions {
  readonly domain: Domain;
  readonly start: StartInfo['xenstore'];
  readonly time: WorldTime;
  readonly faults: Faults;
  readonly onStep: StepListener;
}

export class GuestKernel {
  readonly store: StoreClient;
  readonly #options: GuestKernelOptions;
  readonly #ring: RingDial;

  constructor(options: GuestKernelOptions) {
    this.#options = options;
    const { domain, start, time, faults, onStep } = options;
    const { memory, port } = start;
    const clock = gatedClock(time, domain);
    // Before the first look at the page: from then on it belongs to this kernel.
    const mustReconnect = this.#takeOver();
    this.#ring = dialRing({
      memory,
      port,
      clock,
      steps: storeRingSteps({ time, faults, domain, memory, side: 'guest', onStep }),
      onReconnect: () => queueMicrotask(() => client.retryNow()),
    });
    const ready = mustReconnect ? this.#ring.requestReconnect() : Promise.resolve();
    const client = openStoreClient({
      dial: async (handlers) => {
        await ready;
        return this.#ring(handlers);
      },
      clock,
    });
    this.store = patientStore(client, () => this.close());
  }

  /** What the server offers on this ring: values of XsRingFeature, or-ed. */
  get features(): number {
    return this.#options.start.memory.load32(server_features.offsetBytes);
  }

  /** Asks the server to begin anew. Resolves when it has. */
  reconnect(): Promise<void> {
    return this.#ring.requestReconnect();
  }

  /** A wild write of the guest into its own page. */
  corruptIndex(): void {
    const { start, faults } = this.#options;
    const cons = start.memory.load32(req_cons.offsetBytes);
    start.memory.store32(req_prod.offsetBytes, insaneIndex(faults, cons));
    start.port.notify();
  }

  /** The kernel stops, wherever it is. The server is not told. */
  close(): void {
    this.#ring.close();
  }

  /** Answers whether a reconnect has to come before anything else. */
  #takeOver(): boolean {
    const { start } = this.#options;
    const boot = this.#options.domain.ringBoot;
    if (boot === 'fresh') return false;
    if ((this.features & XsRingFeature.RECONNECTION) !== 0) return true;
    if (boot === 'afterLoader') wipeRingAsHvmloader(start.memory);
    else skipRepliesAsLinux(start.memory);
    return false;
  }
}

/** The guest's timers stand still with its processors. */
function gatedClock(time: WorldTime, { name, domid, gate }: Domain): Clock {
  const what = {
    kind: 'timer',
    domid,
    text: `A timer of the store driver of ${name} (domain ${domid}) ends.`,
    gate,
  } as const;
  return { nowMs: () => time.nowMs(), after: (delayMs, run) => time.after(delayMs, run, what) };
}

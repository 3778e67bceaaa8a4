/** Both ends of a PV Calls device on a machine of its own, without a store; or one of them, while the test plays the other. */
import type { EventPort } from '../../server/host/events';
import type { SharedMemory } from '../../server/host/memory';
import type { Spin } from '../../server/host/spin';
import type { XenscopeError } from '../../server/host/errors';
import { freeSteps } from '../../server/host/steps';
import type { RingSteps } from '../../server/host/steps';
import { PvCallsBackend } from '../../server/pvcalls/backend/backend';
import type { CallGate } from '../../server/pvcalls/backend/gate';
import { PvCallsFindings } from '../../server/pvcalls/findings';
import { PvCallsFrontend } from '../../server/pvcalls/frontend/frontend';
import type { SocketNetwork } from '../../server/pvcalls/network';
import type { Schedule } from '../../server/sim/machine/delivery';
import type { Machine, Usage } from '../../server/sim/machine/machine';
import { pvcallsEditions } from '../../server/wire/pvcalls/dataPage';
import type { PvCallsEdition } from '../../server/wire/pvcalls/dataPage';
import { DeviceResources } from '../../server/xenbus/resources';
import { ManualClock } from '../sim/manualClock';
import { newMachine } from '../support/machineHost';

export const BACK = 0;
export const FRONT = 3;

export interface Side {
  readonly resources: DeviceResources;
  /** Hears of each ring at a channel of this side. */
  onEvent: (port: EventPort) => void;
  /** The side's domain gives up all that its program held, as a crash has it. */
  crash(): void;
}

export interface CommandPage {
  readonly gref: number;
  readonly memory: SharedMemory;
  readonly port: EventPort;
}

export interface RigOptions {
  readonly network?: SocketNetwork;
  readonly maxOrder?: number;
  readonly edition?: PvCallsEdition;
  readonly schedule?: Schedule;
  /** Has sockets of the frontend look before they sleep. */
  readonly frontendSpin?: () => Spin;
  /** For each connection of the backend. */
  readonly gate?: () => CallGate;
  /** Hears of each piece that the backend copies out of the command ring. */
  readonly onCommandRead?: (offset: number, length: number) => void;
  readonly steps?: (side: 'frontend' | 'backend', name: string) => RingSteps;
}

export class PvCallsRig {
  readonly machine: Machine;
  readonly clock = new ManualClock();
  readonly back: Side;
  readonly front: Side;
  /** What the ends told of each other. */
  readonly log: string[] = [];
  readonly broken: XenscopeError[] = [];
  readonly backFindings = new PvCallsFindings((line) => this.log.push(line));
  readonly frontFindings = new PvCallsFindings((line) => this.log.push(line));
  /** Pages that the domains were made with. */
  readonly pagesBefore: number;
  readonly usageBefore: readonly Usage[];
  readonly #options: RigOptions;

  constructor(options: RigOptions = {}) {
    this.#options = options;
    this.machine = newMachine(options.schedule ? { schedule: options.schedule } : {});
    for (const domid of [BACK, FRONT]) this.machine.createDomain(domid);
    this.pagesBefore = this.machine.pagesInUse;
    this.usageBefore = this.usage;
    this.back = this.#side(BACK);
    this.front = this.#side(FRONT);
  }

  /** Grants, ports and mapped pages of both domains. */
  get usage(): readonly Usage[] {
    return [BACK, FRONT].map((domid) => this.machine.usageOf(domid));
  }

  /** The page and the channel of a command ring, as a frontend makes them. */
  shareCommands(): CommandPage {
    const { grefs, memory } = this.front.resources.share(BACK, 1);
    return { gref: grefs[0]!, memory, port: this.front.resources.bindUnbound(BACK) };
  }

  mapCommands({ gref, port }: CommandPage): Omit<CommandPage, 'gref'> {
    const { resources } = this.back;
    return {
      memory: this.#watched(resources.map(FRONT, [gref]).memory),
      port: resources.bindInterdomain(FRONT, port.port),
    };
  }

  /** Serves the frontend whose page this is. */
  openBackend(page: CommandPage): PvCallsBackend {
    const { network = nowhere, maxOrder = 9, edition = pvcallsEditions.final, steps, gate } = this.#options;
    const backend = new PvCallsBackend({
      ...this.mapCommands(page),
      resources: this.back.resources,
      domid: FRONT,
      maxOrder,
      edition,
      network,
      clock: this.clock,
      findings: this.backFindings,
      gate: gate?.(),
      steps: (name) => steps?.('backend', name) ?? freeSteps,
      onBroken: (error) => this.broken.push(error),
    });
    this.back.onEvent = (port) => backend.look(port);
    backend.look();
    return backend;
  }

  openFrontend(page: CommandPage): PvCallsFrontend {
    const { maxOrder = 9, edition = pvcallsEditions.final, steps } = this.#options;
    const frontend = new PvCallsFrontend({
      resources: this.front.resources,
      domid: BACK,
      maxOrder,
      edition,
      memory: page.memory,
      port: page.port,
      findings: this.frontFindings,
      clock: this.clock,
      steps: (name) => steps?.('frontend', name) ?? freeSteps,
    });
    this.front.onEvent = (port) => frontend.look(port);
    return frontend;
  }

  openPair(): { readonly frontend: PvCallsFrontend; readonly backend: PvCallsBackend } {
    const page = this.shareCommands();
    const frontend = this.openFrontend(page);
    return { frontend, backend: this.openBackend(page) };
  }

  /** Grants, mappings and channels that the two sides hold. */
  get held(): number {
    return this.back.resources.held + this.front.resources.held;
  }

  close(): void {
    this.machine.close();
  }

  #watched(memory: SharedMemory): SharedMemory {
    const { onCommandRead } = this.#options;
    if (!onCommandRead) return memory;
    return new Proxy(memory, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...args: [number, Uint8Array]) => {
          if (name === 'copyOut') onCommandRead(args[0], args[1].length);
          return Reflect.apply(value, target, args) as unknown;
        };
      },
    });
  }

  #side(domid: number): Side {
    const ports = this.machine.portsOf(domid);
    const { frontendSpin } = this.#options;
    const { grants, events } = ports;
    const spin = domid === FRONT && frontendSpin ? { spin: frontendSpin } : {};
    const side: Side = {
      resources: new DeviceResources({ grants, events, ...spin }, (port) => side.onEvent(port)),
      onEvent: () => undefined,
      crash: () => {
        side.onEvent = () => undefined;
        ports.close();
      },
    };
    return side;
  }
}

/** A network in which nobody can be reached. */
const nowhere: SocketNetwork = {
  connect: () => Promise.reject(new Error('no test connects here')),
  bind: () => Promise.reject(new Error('no test binds here')),
};

const patienceMs = 30_000;

/** Waits until it is so, and fails where it never is. */
export async function until(isSo: () => boolean): Promise<void> {
  const endMs = Date.now() + patienceMs;
  while (!isSo()) {
    if (Date.now() > endMs) throw new Error(`It never was so: ${isSo.toString()}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

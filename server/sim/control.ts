/** What a person may do with a world. Whatever is done is recorded, because it comes from outside. */
import type { CallInterceptor } from '../host/callInterceptor';
import type { Clock } from '../host/clock';
import { XenscopeError } from '../host/errors';
import type {
  Admission,
  DomainAct,
  ReconnectReport,
  ReconnectStep,
  WorldControl,
  WorldDomain,
  WorldFault,
  WorldMove,
  WorldRing,
} from '../host/worldControl';
import type { Admissions } from './admissions';
import type { Faults } from './faults';
import type { Hypervisor } from './hypervisor';
import type { Life } from './life';
import type { Kernels } from './rings/kernels';
import { runReconnect } from './rings/reconnect';
import type { Scheduler } from './scheduler';

const reconnectTimeoutMs = 10_000;

export interface ControlParts {
  readonly seed: number;
  /** A person's clock. */
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly hypervisor: Hypervisor;
  readonly life: Life;
  readonly faults: Faults;
  readonly kernels: Kernels;
  readonly admissions: Admissions;
  readonly interceptors: readonly CallInterceptor[];
  storeSocketPath(): string | undefined;
  guestSocketPath(): string | undefined;
  isLent(domid: number, gref: number): boolean;
}

export class Control implements WorldControl {
  readonly #parts: ControlParts;
  readonly #listeners = new Set<() => void>();
  #isTelling = false;

  constructor(parts: ControlParts) {
    this.#parts = parts;
  }

  get seed(): number {
    return this.#parts.seed;
  }

  get pace(): number {
    return this.#parts.scheduler.pace;
  }

  set pace(pace: number) {
    const { scheduler } = this.#parts;
    if (pace === scheduler.pace) return;
    scheduler.pace = pace;
    this.#admit('pace', `pace ${scheduler.pace}`);
  }

  get storeSocketPath(): string | undefined {
    return this.#parts.storeSocketPath();
  }

  get guestSocketPath(): string | undefined {
    return this.#parts.guestSocketPath();
  }

  isLent(domid: number, gref: number): boolean {
    return this.#parts.isLent(domid, gref);
  }

  get isHeld(): boolean {
    return this.#parts.scheduler.isHeld;
  }

  hold(): void {
    if (this.isHeld) return;
    this.#parts.scheduler.hold();
    this.#admit('hold', 'hold');
  }

  resume(): void {
    if (!this.isHeld) return;
    this.#admit('hold', 'resume');
    this.#parts.scheduler.resume();
  }

  async step(): Promise<WorldMove | undefined> {
    if (!this.isHeld) {
      throw new XenscopeError('refused', 'The world is not held, so it cannot be stepped.', {
        wayOut: 'Hold it first.',
      });
    }
    this.#parts.admissions.addStep();
    return this.#parts.scheduler.step();
  }

  domains(): readonly WorldDomain[] {
    return this.#parts.life.domains();
  }

  act(act: DomainAct, who: number | string): void {
    this.#parts.life.act(act, who);
    this.#admit('act', `${act} ${who}`);
  }

  get faults(): readonly WorldFault[] {
    return this.#parts.faults.list();
  }

  setFault(name: string, probability: number, domid?: number): void {
    if (domid !== undefined && !this.#parts.hypervisor.get(domid)) {
      throw new XenscopeError('input', `There is no domain ${domid} in this world.`, {
        wayOut: 'Choose one that exists, or set the fault for all domains.',
      });
    }
    this.#parts.faults.set(name, probability, domid);
    this.#admit('fault', `${name} ${probability}${domid === undefined ? '' : ` for domain ${domid}`}`);
  }

  get interceptors(): readonly CallInterceptor[] {
    return this.#parts.interceptors;
  }

  ring(domid: number): WorldRing | undefined {
    const domain = this.#parts.hypervisor.get(domid);
    const kernel = domain?.running ? this.#parts.kernels.get(domid) : undefined;
    return kernel && domain ? { features: kernel.features, watches: domain.watches } : undefined;
  }

  async reconnect(
    domid: number,
    options: { readonly onStep?: (step: ReconnectStep) => void; readonly timeoutMs?: number } = {},
  ): Promise<ReconnectReport> {
    const { kernels, hypervisor, clock } = this.#parts;
    const kernel = this.ring(domid) && kernels.get(domid);
    if (!kernel) {
      throw new XenscopeError('unsupported', `Domain ${domid} has no store ring in use.`, {
        wayOut: 'Choose a domain that runs and speaks to the store through a ring.',
      });
    }
    this.#admit('act', `reconnect ${domid}`);
    return runReconnect({
      clock,
      timeoutMs: options.timeoutMs ?? reconnectTimeoutMs,
      ask: () => kernel.reconnect(),
      listen: (listener) => kernels.listen(domid, listener),
      obstacle: () => {
        if (this.isHeld) return 'the world is held: resume it, or step it on';
        const domain = hypervisor.get(domid);
        if (domain?.isPaused) return 'the guest is paused: unpause it';
        const { status } = domain ?? {};
        const isSuspended = status?.kind === 'shutdown' && status.reason === 'suspend';
        return isSuspended ? 'the guest is suspended: resume it' : undefined;
      },
      ...(options.onStep ? { onStep: options.onStep } : {}),
    });
  }

  get admissions(): readonly Admission[] {
    return this.#parts.admissions.list;
  }

  onAdmission(listener: (admission: Admission) => void): () => void {
    return this.#parts.admissions.listen(listener);
  }

  onChange(listener: () => void): () => void {
    const entry = () => listener();
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  /** Tells the listeners once for all that changes in one go. */
  changed(): void {
    if (this.#isTelling || this.#listeners.size === 0) return;
    this.#isTelling = true;
    queueMicrotask(() => {
      this.#isTelling = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }

  #admit(kind: Admission['kind'], text: string): void {
    this.#parts.admissions.add(kind, text);
    this.changed();
  }
}

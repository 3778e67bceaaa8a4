/**
 * A domain from the inside: what a guest's script, a driver or a daemon of dom0 can do. Scripts run
 * as tasks; when the domain halts, every wait and every watch of its tasks ends.
 */
import { setMaxListeners } from 'node:events';
import type { Timer } from '../host/clock';
import type { EventChannels } from '../host/events';
import type { Grants } from '../host/grants';
import type { StoreClient, WatchEvent } from '../host/storeClient';
import type { ShutdownReason } from '../host/worldControl';
import { Gate } from './due';
import type { What, WorldTime } from './due';
import type { FaultName } from './faults';
import type { VchanProgram } from './rings/vchanPrograms';
import type { SeededRandom } from './seededRandom';

/**
 * How a kernel finds its ring to the store. `fresh`: as the domain builder left it. `afterLoader`: a
 * boot loader used it before, and the kernel resets it. `kexec`: another kernel used it and told nobody.
 */
export type RingBoot = 'fresh' | 'afterLoader' | 'kexec';

/** What a kernel can do with its ring besides asking the store. */
export interface KernelRing {
  /** What the server offers: values of XsRingFeature, or-ed. */
  readonly features: number;
  reconnect(): Promise<void>;
  /** A wild write of the guest into its own page. */
  corruptIndex(): void;
}

export interface DomainPorts {
  readonly time: WorldTime;
  readonly random: SeededRandom;
  /** A connection of that domain to the world's store. */
  openStore(domain: Domain): StoreClient;
  log(line: string): void;
  /** Grants and event channels for a kernel of the domain. */
  programPorts(domid: number): { readonly grants: Grants; readonly events: EventChannels };
  /** A program of the domain that opens vchans. */
  openVchans(domain: Domain): VchanProgram;
  /** The kernel's end of the domain's ring; undefined where the domain has none. */
  kernel(domid: number): KernelRing | undefined;
  /** Puts a line on the domain's console ring. */
  print(domain: Domain, line: string): void;
  /** Whether a fault of the world strikes `domid` now. */
  strikes(fault: FaultName, domid: number): boolean;
  /** The state of a domain has changed. */
  changed(): void;
}

export type DomainStatus =
  | { readonly kind: 'building' }
  | { readonly kind: 'running' }
  /** It ended by itself: `suspend` may be resumed. */
  | { readonly kind: 'shutdown'; readonly reason: ShutdownReason };

export interface FollowOptions {
  /** The connection that watches; the kernel's when absent. */
  readonly store?: StoreClient;
  readonly signal?: AbortSignal;
  /** In the world's time; without end when absent. */
  readonly timeoutMs?: number;
}

/** Each program and each wait of a domain listens to it: their number is that of what runs there, and no leak. */
function newHalt(): AbortController {
  const halt = new AbortController();
  setMaxListeners(0, halt.signal);
  return halt;
}

/** How long a daemon stays away after it failed. */
const restartDelayMs = 2000;

export class Domain {
  readonly random: SeededRandom;
  /** Shut while its processors stand still. */
  readonly gate = new Gate();
  /** Of the kernel that runs, or runs next. */
  ringBoot: RingBoot = 'fresh';
  readonly #ports: DomainPorts;
  readonly #onShutdown: (reason: ShutdownReason) => void;
  readonly #wakes: What;
  /** Renewed when another kernel starts in the same domain. */
  #halted = newHalt();
  readonly #clients: StoreClient[] = [];
  #status: DomainStatus = { kind: 'building' };
  #isPaused = false;
  #kernelStore: StoreClient | undefined;
  #kernelPorts: ReturnType<DomainPorts['programPorts']> | undefined;
  #watches = 0;
  /** Those who sleep. A set of our own, because a signal with hundreds of listeners is slow. */
  readonly #waits = new Set<{ readonly timer: Timer; reject(reason: Error): void }>();

  constructor(
    readonly domid: number,
    readonly name: string,
    ports: DomainPorts,
    onShutdown: (reason: ShutdownReason) => void,
  ) {
    this.#ports = ports;
    this.#onShutdown = onShutdown;
    this.random = ports.random;
    this.#wakes = {
      kind: 'timer',
      domid,
      text: `${name} (domain ${domid}) goes on after a wait.`,
      gate: this.gate,
    };
  }

  get status(): DomainStatus {
    return this.#status;
  }

  get running(): boolean {
    return this.#status.kind === 'running';
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Aborted when the domain halts. */
  get signal(): AbortSignal {
    return this.#halted.signal;
  }

  /** How many nodes its programs watch now. */
  get watches(): number {
    return this.#watches;
  }

  nowMs(): number {
    return this.#ports.time.nowMs();
  }

  /** The connection of the domain's kernel, opened when it is first needed. */
  get store(): StoreClient {
    return (this.#kernelStore ??= this.openStore());
  }

  /** What its kernel lends to others and maps of theirs; gone when another kernel takes its place. */
  get lending(): { readonly grants: Grants; readonly events: EventChannels } {
    return (this.#kernelPorts ??= this.#ports.programPorts(this.domid));
  }

  /** Starts a program that opens vchans. Whoever starts it ends it, or the domain's end does. */
  openVchans(): VchanProgram {
    this.signal.throwIfAborted();
    return this.#ports.openVchans(this);
  }

  get ring(): KernelRing | undefined {
    return this.#ports.kernel(this.domid);
  }

  /** A further connection, as programs in dom0 have them. */
  openStore(): StoreClient {
    this.signal.throwIfAborted();
    const client = this.#ports.openStore(this);
    this.#clients.push(client);
    return client;
  }

  /** Waits between `leastMs` and `mostMs` of the world's time; rejects when the domain halts meanwhile. */
  sleep(leastMs: number, mostMs = leastMs): Promise<void> {
    return new Promise((resolve, reject) => {
      this.signal.throwIfAborted();
      const wait = { timer: this.after(this.random.between(leastMs, mostMs), wake), reject };
      const waits = this.#waits;
      function wake() {
        waits.delete(wait);
        resolve();
      }
      waits.add(wait);
    });
  }

  /**
   * Resolves when the scheduler lets the domain take its next step, which `clause` tells in one clause;
   * never when the domain halts before.
   */
  turn(clause: string | (() => string)): Promise<void> {
    const { domid, gate, signal, name } = this;
    const what: What = {
      kind: 'ringStep',
      domid,
      gate,
      get text() {
        return `${name} (domain ${domid}), ${typeof clause === 'string' ? clause : clause()}.`;
      },
    };
    return new Promise((resolve) => {
      this.#ports.time.soon(() => !signal.aborted && resolve(), what);
    });
  }

  /** Calls `run` after `delayMs` of the world's time, even if the domain has halted by then. */
  after(delayMs: number, run: () => void): Timer {
    return this.#ports.time.after(delayMs, run, this.#wakes);
  }

  /**
   * Watches `path` and calls `look` at once and after each change, one call at a time, until it
   * answers `done`, the domain halts, `signal` is aborted or the time is over. One call may stand for
   * several changes. Answers whether `look` did.
   */
  async follow(
    path: string,
    look: (event: WatchEvent) => Promise<unknown>,
    { store = this.store, signal = this.signal, timeoutMs }: FollowOptions = {},
  ): Promise<boolean> {
    const watch = await store.watch(path);
    const stop = () => void watch.close();
    const timer = timeoutMs === undefined ? undefined : this.after(timeoutMs, stop);
    signal.addEventListener('abort', stop, { once: true });
    this.#watches++;
    try {
      if (signal.aborted) return false;
      for await (const event of watch) {
        if ((await look(event)) === 'done') return true;
      }
      return false;
    } finally {
      this.#watches--;
      timer?.cancel();
      signal.removeEventListener('abort', stop);
      await watch.close();
    }
  }

  /** What its kernel says on its console. */
  print(line: string): void {
    this.#ports.print(this, line);
  }

  /** Whether a fault strikes now, this domain or one that it serves. */
  strikes(fault: FaultName, domid = this.domid): boolean {
    return this.#ports.strikes(fault, domid);
  }

  log(line: string): void {
    this.#ports.log(`${this.name} (domain ${this.domid}): ${line}`);
  }

  /**
   * Runs a part of a guest without which it cannot live: if it throws, the guest has crashed. Domain 0
   * must not crash, because the world needs it; there everything begins again.
   */
  start(what: string, body: () => Promise<unknown>): void {
    void this.#run(what, body, { again: this.domid === 0 });
  }

  /** Runs a program of a guest, which is started again when it fails. */
  startDaemon(what: string, body: () => Promise<unknown>): void {
    void this.#run(what, body, { again: true });
  }

  /** The toolstack has built it, and its processors run for the first time. */
  begin(): void {
    if (this.#status.kind === 'building') this.#setStatus({ kind: 'running' });
  }

  /** Its processors stand still; whatever comes meanwhile waits. */
  pause(): void {
    this.#isPaused = true;
    this.gate.isOpen = false;
    this.#ports.changed();
  }

  unpause(): void {
    this.#isPaused = false;
    this.#openGate();
    this.#ports.changed();
  }

  /** The guest ends itself. What comes then is decided by the toolstack. */
  shutdown(reason: ShutdownReason): void {
    if (this.running) this.#onShutdown(reason);
  }

  /** Stops the processors until `resume`, with everything as it is. */
  standStill(): void {
    this.gate.isOpen = false;
    this.#setStatus({ kind: 'shutdown', reason: 'suspend' });
  }

  /** Goes on where it was suspended. */
  resume(): void {
    if (this.#status.kind !== 'shutdown' || this.#status.reason !== 'suspend') return;
    this.#setStatus({ kind: 'running' });
    this.#openGate();
  }

  /** Stops the domain's processors for good: its tasks end, its connections close. */
  halt(why: ShutdownReason): void {
    if (this.signal.aborted) return;
    this.#setStatus({ kind: 'shutdown', reason: why });
    this.#endTasks(`${this.name} has halted`);
  }

  /** Another kernel takes the place of the one that ran: nothing of it goes on, and nobody is told. */
  replaceKernel(): void {
    this.#endTasks(`${this.name} runs another kernel`);
    this.#halted = newHalt();
    this.#kernelStore = undefined;
    this.#kernelPorts = undefined;
    this.#setStatus({ kind: 'running' });
    this.#openGate();
  }

  #setStatus(status: DomainStatus): void {
    this.#status = status;
    this.#ports.changed();
  }

  #openGate(): void {
    const standsStill = this.#status.kind === 'shutdown' && !this.signal.aborted;
    if (!this.#isPaused && !standsStill) this.#ports.time.open(this.gate);
  }

  #endTasks(why: string): void {
    const reason = new Error(why);
    this.#halted.abort(reason);
    for (const { timer, reject } of this.#waits) {
      timer.cancel();
      reject(reason);
    }
    this.#waits.clear();
    this.gate.parked.length = 0;
    for (const client of this.#clients.splice(0)) void client.close();
  }

  async #run(what: string, body: () => Promise<unknown>, { again }: { again: boolean }): Promise<void> {
    const { signal } = this;
    while (!signal.aborted) {
      try {
        await body();
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.log(`${what} failed: ${error instanceof Error ? error.message : String(error)}`);
        if (!again) return this.shutdown('crash');
        await this.sleep(restartDelayMs).catch(() => undefined);
      }
    }
  }
}

/**
 * What one may do with a simulated host and never with a real one: set its pace, hold and step it,
 * decide over the life of its domains, break it on purpose, and act as one of its guests.
 */
import type { CallInterceptor } from './callInterceptor';

/**
 * `timer`: somebody's wait is over. `request`, `answer`: one message reaches the store, or comes back
 * from it. `doorbell`: an event channel delivers. `ringStep`: one end of a ring does one micro-step.
 */
export type WorldMoveKind = 'timer' | 'request' | 'answer' | 'doorbell' | 'ringStep';

/** One thing that happened in a world, or is just about to. */
export interface WorldMove {
  /** Counts all of them from 1. */
  readonly number: number;
  /** Of the world's time, in milliseconds since the epoch. */
  readonly atMs: number;
  readonly kind: WorldMoveKind;
  /** The domain that it happened to. */
  readonly domid: number | undefined;
  /** One sentence. Made when it is read. */
  readonly text: string;
}

/**
 * `kexec`: the guest starts another kernel in its place and tells nobody. `softReset`: it does so
 * through the toolstack (SHUTDOWN_soft_reset), which connects it anew. `reconnect`: the guest asks
 * for a new connection through its ring.
 */
export type DomainAct =
  | 'start'
  | 'shutdown'
  | 'reboot'
  | 'destroy'
  | 'crash'
  | 'watchdog'
  | 'kexec'
  | 'softReset'
  | 'suspend'
  | 'resume'
  | 'pause'
  | 'unpause';

/** Why a domain shut down: SHUTDOWN_* of xen/include/public/sched.h. */
export type ShutdownReason = 'poweroff' | 'reboot' | 'suspend' | 'crash' | 'watchdog' | 'softReset';

export type DomainState =
  /** The world knows how to build it, and it does not run now. */
  | 'absent'
  | 'building'
  | 'running'
  | 'paused'
  | 'suspended'
  /** It ended, and somebody has to take care of it; `reason` says how. */
  | 'shutdown'
  | 'dying';

export interface WorldDomain {
  /** Undefined while it is absent; a new one each time it is built. */
  readonly domid: number | undefined;
  readonly name: string;
  readonly state: DomainState;
  /** Of a domain that shut down. */
  readonly reason: ShutdownReason | undefined;
  /** What may be done with it now. */
  readonly can: readonly DomainAct[];
}

export interface WorldFault {
  /** Stable, e.g. `lostNotify`. */
  readonly name: string;
  /** One sentence: what happens when it strikes. */
  readonly text: string;
  /** From 0 to 1, each time that it could strike. */
  readonly probability: number;
  /** For single domains, where that is not `probability`. */
  readonly ofDomains: readonly { readonly domid: number; readonly probability: number }[];
  /** How often it has struck. */
  readonly count: number;
}

/** What reached a world from outside, in the order in which it was admitted. */
export interface Admission {
  /** Counts all of them from 1. */
  readonly number: number;
  /** How many things had happened in the world before. */
  readonly afterMove: number;
  readonly atMs: number;
  readonly kind: 'request' | 'act' | 'fault' | 'pace' | 'hold';
  /** What it was, in full: a request in hexadecimal, an act in words. */
  readonly text: string;
}

export interface ReconnectStep {
  /** Of a person's time, since it was asked for. */
  readonly atMs: number;
  /** Who did it: `guest` or `xenstored`; `world` says why neither can do anything now. */
  readonly side: string;
  readonly text: string;
}

export interface ReconnectReport {
  readonly outcome: 'done' | 'stuck';
  /** One sentence: how it ended, or what is stuck and why. */
  readonly text: string;
  readonly wayOut?: string | undefined;
  readonly steps: readonly ReconnectStep[];
}

export interface WorldRing {
  /** What the server offers on it: values of XsRingFeature, or-ed. */
  readonly features: number;
  /** How many nodes the guest watches now: lost at a reconnect, and set again by the guest. */
  readonly watches: number;
}

export interface WorldControl {
  readonly seed: number;
  /** How fast the guests live: 1 is human speed, 0 is quiet (nothing changes by itself). */
  pace: number;
  /** Where other programs reach the world's xenstore: what XENSTORED_PATH must say. */
  readonly storeSocketPath: string | undefined;
  /** Where programs of other processes join its domains; undefined where none can. */
  readonly guestSocketPath: string | undefined;

  /** While it is held nothing happens in the world; requests from outside are still answered. */
  readonly isHeld: boolean;
  hold(): void;
  resume(): void;
  /** While held: lets exactly one thing happen and answers what; undefined when nothing waits. */
  step(): Promise<WorldMove | undefined>;

  /** Those that exist, by domid, then those that could be started. Domain 0 can nothing be done with. */
  domains(): readonly WorldDomain[];
  /**
   * Does it, or begins it where it takes a while: the list of domains tells how it goes on. `who` is
   * a domid, or a name. Throws a XenscopeError `input` when there is no such domain, `refused` when
   * that cannot be done with it now.
   */
  act(act: DomainAct, who: number | string): void;

  readonly faults: readonly WorldFault[];
  /** For all domains, or for one. Throws a XenscopeError `input`. */
  setFault(name: string, probability: number, domid?: number): void;

  /** Whether a domain lends a page under that grant now. */
  isLent(domid: number, gref: number): boolean;

  /** What stands before the backends of PV Calls, one for each domain that has some: off, until somebody turns it on. */
  readonly interceptors: readonly CallInterceptor[];

  /** The store ring that a domain uses now; undefined where it has none. */
  ring(domid: number): WorldRing | undefined;
  /**
   * Asks as the guest for a new connection on its ring. Never rejects but with a XenscopeError
   * `unsupported` where the domain has no ring; a handshake that does not end is `stuck`. Time in
   * which the world is held, or the guest paused or suspended, does not count.
   */
  reconnect(
    domid: number,
    options?: { readonly onStep?: (step: ReconnectStep) => void; readonly timeoutMs?: number },
  ): Promise<ReconnectReport>;

  /** The last of what came from outside; older ones are dropped. */
  readonly admissions: readonly Admission[];
  /**
   * Calls `listener` with each admission at its moment; returns how to stop. Steps that follow each
   * other are one admission: it is told with the first of them, and again, with how many they were,
   * before whatever else is admitted next.
   */
  onAdmission(listener: (admission: Admission) => void): () => void;

  /** Calls `listener` when pace, hold, domains or faults change; returns how to stop. */
  onChange(listener: () => void): () => void;
}

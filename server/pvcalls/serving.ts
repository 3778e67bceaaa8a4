/**
 * The backend of a whole domain, as a program of it: every PV Calls device that the toolstack gives to this
 * domain is served, its sockets opened in a network of which an allow-list says what may be reached, and its
 * calls come by an interceptor first.
 */
import { sleep } from '../host/clock';
import type { EndReports } from '../host/endReports';
import type { Clock } from '../host/clock';
import { XenscopeError } from '../host/errors';
import type { HostProgram } from '../host/program';
import type { Ipv4Address } from '../wire/pvcalls/address';
import { XenbusState } from '../wire/xenbusState';
import { runBackends } from '../xenbus/bus';
import { switchState } from '../xenbus/nodes';
import { xenbusPorts } from '../xenbus/ports';
import { AllowList, type Reach, guardedNetwork } from './allowList';
import { pvcallsBackend } from './backend/backDevice';
import { Lingering } from './backend/lingering';
import { Intercept } from './intercept/intercept';
import type { SocketNetwork } from './network';
import { pvcallsBackends } from './otherBackend';

/** In which frontends can close their ends, and others read what guests had sent them, when we go. */
const closePatienceMs = 5_000;
/** Of refused addresses each is told once; more of them are not told. */
const maxRefusals = 64;
const maxFindings = 64;

export interface ServingOptions {
  readonly program: Pick<HostProgram, 'store' | 'grants' | 'events' | 'spin'>;
  /** Of the domain that the program runs in. */
  readonly domid: number;
  readonly clock: Clock;
  /** Where sockets are opened, as far as `allow` says. */
  readonly network: SocketNetwork;
  /** Networks, addresses, and ports of them: as of AllowList. */
  readonly allow: readonly string[];
  /** What `network` lets through at most: what that refuses is told as well. */
  readonly most?: AllowList | undefined;
  /** What a person can do where an address is refused; one sentence. */
  readonly wayOutOf: (address: Ipv4Address, reach: Reach) => string;
  /** Told what the backends find wrong with their frontends, by kind; nobody where it is absent. */
  readonly reports?: EndReports | undefined;
  /** What is wrong with a device, or refused to it, in a sentence or two. */
  readonly log: (line: string) => void;
}

export class PvCallsServing {
  readonly intercept: Intercept;
  readonly #options: ServingOptions;
  readonly #ending = new AbortController();
  readonly #lingering: Lingering;
  /** Settles when the drivers have ended. */
  readonly ended: Promise<void>;
  readonly #refusals = new Set<string>();
  readonly #findings: string[] = [];
  #closing: Promise<readonly string[]> | undefined;

  /** Begins at once. Throws a XenscopeError `input` on an allow-list that is none. */
  constructor(options: ServingOptions) {
    this.#options = options;
    const { program, domid, clock, network, allow, most } = options;
    this.intercept = new Intercept({ domid, clock });
    this.#lingering = new Lingering(clock);
    const refused = (text: string, address: Ipv4Address, reach: Reach) => this.#refused(text, address, reach);
    const reached = most ? guardedNetwork(network, most, refused) : network;
    const guarded = guardedNetwork(reached, new AllowList(allow), refused);
    const { signal } = this.#ending;
    const log = (line: string) => this.#log(line);
    const ports = xenbusPorts({ ...program, domid, clock, signal, log });
    const kind = pvcallsBackend({
      network: guarded,
      lingering: this.#lingering,
      onConnected: (_, { other }, findings) =>
        options.reports?.add(other.path, {
          side: 'backend',
          findings: () => findings.kinds,
          isGone: () => signal.aborted,
        }),
      gate: ({ path, other }) => this.intercept.gateOf({ path, domid: other.domid, clock }),
    });
    this.ended = runBackends(ports, pvcallsBackends, { pvcalls: kind }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  /** The last of what was found, in sentences. */
  get findings(): readonly string[] {
    return this.#findings;
  }

  /** The devices that are connected. */
  get devices(): readonly { readonly path: string; readonly domid: number }[] {
    return this.intercept.state().devices;
  }

  /**
   * Closes the devices, waits for their frontends and for what released sockets still send, and gives everything
   * back. Answers the devices whose frontend did not close in time. Safe to call twice; the program stays its owner's.
   */
  close(): Promise<readonly string[]> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<readonly string[]> {
    const { program, clock } = this.#options;
    const closed = this.#noneIsLeft();
    const asked = this.devices.map(({ path }) => switchState(program.store, path, XenbusState.Closing));
    const enough = new AbortController();
    const patience = sleep(clock, closePatienceMs, enough.signal).catch(() => undefined);
    // A store that is away is asked for nothing more.
    const inOrder = Promise.allSettled(asked).then(() => closed.promise);
    await Promise.race([inOrder, patience, this.ended.catch(() => undefined)]);
    closed.stop();
    const left = this.devices.map(({ path }) => path);
    this.#ending.abort();
    await this.ended.catch(() => undefined);
    await Promise.race([this.#lingering.sent(), patience]);
    enough.abort();
    const cutOff = this.#lingering.end();
    if (cutOff > 0)
      this.#tell(`Connections that were cut off, as nobody read what guests had sent: ${cutOff}.`);
    return left;
  }

  #noneIsLeft(): { readonly promise: Promise<void>; stop(): void } {
    let stop!: () => void;
    const promise = new Promise<void>((resolve) => {
      const look = () => this.devices.length === 0 && resolve();
      stop = this.intercept.onChange(look);
      look();
    });
    return { promise, stop };
  }

  #refused(text: string, address: Ipv4Address, reach: Reach): void {
    if (this.#refusals.has(text) || this.#refusals.size >= maxRefusals) return;
    this.#refusals.add(text);
    this.#tell(`${text} ${this.#options.wayOutOf(address, reach)}`);
  }

  #log(line: string): void {
    // The device finds the same.
    if ([...this.#refusals].some((text) => line.endsWith(text))) return;
    this.#tell(line);
  }

  #tell(line: string): void {
    this.#findings.push(line);
    if (this.#findings.length > maxFindings) this.#findings.shift();
    this.#options.log(line);
  }
}

/** What an allow-list would say that is no list, in a sentence; undefined where it is one. */
export function allowListProblem(allow: readonly string[]): XenscopeError | undefined {
  try {
    new AllowList(allow);
    return undefined;
  } catch (error) {
    if (error instanceof XenscopeError) return error;
    throw error;
  }
}

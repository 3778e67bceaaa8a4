/** One host of the list: how to open it, and how it fares. */
import type { ServingGround } from '../act/pvcallsServing';
import { XenscopeError } from '../host/errors';
import type { Clock } from '../host/clock';
import type { Host } from '../host/host';
import type { StoreState } from '../host/storeClient';
import type { HostInfo, HostState, TreeChange, WorldInfo } from './api';
import type { HostPosts } from './hostPosts';
import { HostSession } from './hostSession';
import type { LocalXenState } from './localXen';

export interface HostSource {
  readonly id: string;
  readonly kind: HostInfo['kind'];
  readonly label: string;
  readonly socketPath?: string;
  readonly removable: boolean;
  /** Simulator only. */
  readonly world?: WorldInfo;
  open(world: WorldInfo): Promise<Host>;
}

export interface HostEntryListener extends HostPosts {
  readonly clock: Clock;
  /** Whether what is recorded can be saved from here. */
  readonly mayWriteFiles: boolean;
  allowDomain0Edits(): boolean;
  onChange(): void;
  /** All that was set on the host is gone: to be told at once, lest a quick connect hides it. */
  onClosed(): void;
  onTreeChanges(changes: readonly TreeChange[]): void;
  onDomains(): void;
  readonly pvcalls: ServingGround | undefined;
  onWorld(): void;
  log(sentence: string): void;
}

const noWorld: WorldInfo = { seed: 0, pace: 0 };

export class HostEntry {
  readonly #source: HostSource;
  readonly #listener: HostEntryListener;
  #world: WorldInfo | undefined;
  #found: LocalXenState = {};
  #session: HostSession | undefined;
  #connecting: Promise<void> | undefined;
  #loggedState: StoreState['kind'] | undefined;
  /** Counts the attempts, so that one that was given up does not open a host later. */
  #attempt = 0;

  constructor(source: HostSource, listener: HostEntryListener) {
    this.#source = source;
    this.#listener = listener;
    this.#world = source.world;
  }

  /** Where the host stands in the list: the simulator, the local one, the added ones. */
  get rank(): number {
    const { kind, removable } = this.#source;
    return kind === 'simulator' ? 0 : removable ? 2 : 1;
  }

  get info(): HostInfo {
    const { id, kind, label, removable, socketPath } = this.#source;
    const { unavailable, ...found } = this.#found;
    return {
      id,
      kind,
      label,
      removable,
      state: this.#state(),
      ...found,
      socketPath: this.#session?.host.world?.storeSocketPath ?? found.socketPath ?? socketPath,
      world: this.#world,
      whyNoRings: this.#session?.host.whyNoRings,
      recorded: this.#listener.mayWriteFiles && this.#session?.recorder !== undefined,
      // What is open is available, whatever a look at it says.
      unavailable: this.#session ? undefined : unavailable,
    };
  }

  /** What a look at the machine has found; tells the editor when that is news. */
  note(found: LocalXenState): void {
    if (JSON.stringify(found) === JSON.stringify(this.#found)) return;
    this.#found = found;
    this.#listener.onChange();
  }

  get sessionIfOpen(): HostSession | undefined {
    return this.#session;
  }

  get session(): HostSession {
    if (this.#session) return this.#session;
    throw new XenscopeError('away', `${this.#source.label} is not connected.`, {
      wayOut: 'Connect to it first.',
    });
  }

  /** Resolves when the host is connected or away; an away host is tried again at once. */
  async connect(): Promise<HostInfo> {
    if (this.#session?.store.state.kind === 'closed') await this.disconnect();
    if (this.#session) this.#session.store.retryNow();
    else this.#connecting ??= this.#open().finally(() => this.#onOpened());
    await this.#connecting;
    await this.#session?.settled();
    return this.info;
  }

  async disconnect(): Promise<void> {
    this.#attempt++;
    const session = this.#session;
    this.#session = undefined;
    if (session) this.#listener.onClosed();
    else this.#listener.onChange();
    await session?.close();
  }

  setPace(pace: number): void {
    if (!this.#world) throw new XenscopeError('unsupported', 'Only the simulator has a pace.');
    this.#world = { ...this.#world, pace };
    const world = this.#session?.host.world;
    if (world) world.pace = pace;
    this.#listener.onChange();
  }

  async #open(): Promise<void> {
    const attempt = ++this.#attempt;
    this.#listener.onChange();
    const host = await this.#source.open(this.#world ?? noWorld);
    if (attempt !== this.#attempt) {
      await host.close();
      throw new XenscopeError('cancelled', `${this.#source.label} was disconnected meanwhile.`);
    }
    this.#session = new HostSession({ ...this.#listener, host, onState: (state) => this.#onState(state) });
    // The pace may have been set while the world came up.
    if (host.world && this.#world) host.world.pace = this.#world.pace;
  }

  #onState(state: StoreState): void {
    const { kind } = state;
    // Each retry passes through `connecting`: only what comes of it is news.
    if (kind !== 'connecting' && kind !== this.#loggedState) {
      this.#loggedState = kind;
      this.#listener.log(
        state.kind === 'away' ? `The store is away: ${state.reason}` : `The store is ${kind}.`,
      );
    }
    this.#listener.onChange();
  }

  #onOpened(): void {
    this.#connecting = undefined;
    this.#listener.onChange();
  }

  #state(): HostState {
    if (this.#session) return this.#stateOf(this.#session.store.state);
    return { kind: this.#connecting ? 'connecting' : 'idle' };
  }

  #stateOf(state: StoreState): HostState {
    switch (state.kind) {
      case 'away': {
        const retryInMs = Math.max(0, state.retryAtMs - this.#listener.clock.nowMs());
        return { kind: 'away', reason: state.reason, retryInMs };
      }
      case 'closed':
        return { kind: 'idle' };
      default:
        return { kind: state.kind };
    }
  }
}

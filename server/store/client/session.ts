/**
 * Keeps a connection to the xenstore: dials, tells the state, and dials again after a pause that
 * doubles while nobody answers. It knows nothing of operations and watches.
 */
import type { Clock, Random, Timer } from '../../host/clock';
import { XenscopeError } from '../../host/errors';
import type { StoreState } from '../../host/storeClient';
import type { Dial } from '../byteStream';
import { StoreConnection, type ConnectionHandlers } from './connection';
import { away, cancelled } from './errors';
import type { StoreClientLimits } from './limits';

export const FIRST_RETRY_DELAY_MS = 100;
export const MAX_RETRY_DELAY_MS = 5000;
/** A server that is there but has no room is asked again soon, and is not away. */
const BUSY_DELAY_MS = 20;
const MAX_BUSY_DIALS = 100;
/** A connection that held so long, or that answered, makes the next pause short again. */
const STEADY_CONNECTION_MS = 10_000;

export interface SessionOptions {
  readonly dial: Dial;
  readonly clock: Clock;
  /** Spreads the retries of many clients; without it the pauses are exact. */
  readonly random?: Random;
  readonly reconnect: boolean;
  readonly limits: StoreClientLimits;
  /** Undefined: for ever. */
  readonly maxSilenceMs: number | undefined;
  /** Before anybody else can use the connection: watches are registered here. */
  onConnected(connection: StoreConnection): void;
  onEvent(path: string, token: string): void;
  /** There will be no further connection. */
  onGone(error: XenscopeError): void;
}

export class StoreSession {
  #state: StoreState = { kind: 'connecting' };
  readonly #options: SessionOptions;
  readonly #listeners = new Set<(state: StoreState) => void>();
  #connection: StoreConnection | undefined;
  /** Those who asked during a dial and wait for how it ends. */
  #waiters: { resolve(connection: StoreConnection): void; reject(reason: string): void }[] = [];
  #goneReason = '';
  #failures = 0;
  #busyDials = 0;
  #connectedAtMs = 0;
  #retryTimer: Timer | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get state(): StoreState {
    return this.#state;
  }

  /** The connection that is there now; undefined while there is none. */
  get current(): StoreConnection | undefined {
    return this.#connection;
  }

  onStateChange(listener: (state: StoreState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * The connection to ask. Waits while a dial is under way; rejects at once with `away` between two
   * dials, because the pause may be long and the answer to an old question is of no use.
   */
  connection(what: string): Promise<StoreConnection> {
    if (this.#connection) return Promise.resolve(this.#connection);
    switch (this.#state.kind) {
      case 'away':
        return Promise.reject(away(what, this.#state.reason));
      case 'closed':
        return Promise.reject(this.#goneReason === '' ? cancelled(what) : away(what, this.#goneReason));
      default:
    }
    if (this.#waiters.length >= this.#options.limits.maxWaitingRequests) {
      return Promise.reject(
        new XenscopeError('limit', `Cannot ${what}: too many requests wait for the connection already.`),
      );
    }
    return new Promise((resolve, reject) => {
      this.#waiters.push({
        resolve,
        reject: (reason) => reject(reason === '' ? cancelled(what) : away(what, reason)),
      });
    });
  }

  /** While away: dials at once. */
  retryNow(): void {
    if (this.#state.kind === 'away') this.dial();
  }

  dial(): void {
    this.#retryTimer?.cancel();
    this.#setState({ kind: 'connecting' });
    let opened: StoreConnection | undefined;
    const { dial, limits, clock, maxSilenceMs } = this.#options;
    const handlers: ConnectionHandlers = {
      onEvent: (path, token) => this.#options.onEvent(path, token),
      onEnd: (reason) => {
        // An end during the dial is seen below, when the dial has returned.
        if (opened && opened === this.#connection) this.#onLost(reason);
      },
    };
    const patience = maxSilenceMs === undefined ? undefined : { clock, maxSilenceMs };
    const open = StoreConnection.open(dial, limits, handlers, patience);
    open.then(
      (connection) => {
        opened = connection;
        if (this.#state.kind !== 'connecting') return connection.close();
        if (connection.endReason !== undefined) return this.#onLost(connection.endReason);
        this.#onConnected(connection);
      },
      (error: unknown) => {
        if (this.#state.kind !== 'connecting') return;
        const isBusy = error instanceof XenscopeError && error.code === 'limit';
        if (!isBusy || ++this.#busyDials > MAX_BUSY_DIALS) return this.#onLost(sentenceOf(error));
        this.#retryTimer = this.#options.clock.after(BUSY_DELAY_MS, () => this.dial());
      },
    );
  }

  /** Ends the session and its connection; whoever waits is rejected with `cancelled`. */
  close(): void {
    if (this.#state.kind === 'closed') return;
    this.#retryTimer?.cancel();
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.close();
    this.#setState({ kind: 'closed' });
    for (const waiter of this.#takeWaiters()) waiter.reject('');
  }

  #onConnected(connection: StoreConnection): void {
    this.#connection = connection;
    this.#busyDials = 0;
    this.#connectedAtMs = this.#options.clock.nowMs();
    this.#options.onConnected(connection);
    this.#setState({ kind: 'connected' });
    for (const waiter of this.#takeWaiters()) waiter.resolve(connection);
  }

  #onLost(reason: string): void {
    const { clock, reconnect } = this.#options;
    const lost = this.#connection;
    this.#connection = undefined;
    this.#busyDials = 0;
    if (!reconnect) {
      this.#goneReason = reason;
      this.#setState({ kind: 'closed' });
      for (const waiter of this.#takeWaiters()) waiter.reject(reason);
      this.#options.onGone(new XenscopeError('away', reason));
      return;
    }
    const wasSteady =
      lost && (lost.hasAnswered || clock.nowMs() - this.#connectedAtMs >= STEADY_CONNECTION_MS);
    this.#failures = wasSteady ? 1 : this.#failures + 1;
    const delayMs = this.#retryDelayMs();
    this.#setState({ kind: 'away', reason, retryAtMs: clock.nowMs() + delayMs });
    for (const waiter of this.#takeWaiters()) waiter.reject(reason);
    // A listener may have closed the session meanwhile.
    if (this.#state.kind === 'away') this.#retryTimer = clock.after(delayMs, () => this.dial());
  }

  #retryDelayMs(): number {
    const doublings = Math.min(this.#failures - 1, 16);
    const fullMs = Math.min(FIRST_RETRY_DELAY_MS * 2 ** doublings, MAX_RETRY_DELAY_MS);
    const { random } = this.#options;
    return random ? Math.round(fullMs * (0.75 + random.next() / 4)) : fullMs;
  }

  #takeWaiters() {
    const waiters = this.#waiters;
    this.#waiters = [];
    return waiters;
  }

  #setState(state: StoreState): void {
    if (state.kind === this.#state.kind && state.kind !== 'away') return;
    this.#state = state;
    for (const listener of [...this.#listeners]) listener(state);
  }
}

function sentenceOf(error: unknown): string {
  if (error instanceof XenscopeError && error.wayOut !== undefined) return `${error.message} ${error.wayOut}`;
  return error instanceof Error ? error.message : String(error);
}

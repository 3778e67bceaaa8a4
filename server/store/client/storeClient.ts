/**
 * The client of a xenstored: joins session, operations, transactions and watches into the
 * StoreClient that everybody above `store` uses. Works with C xenstored, oxenstored and our own
 * server, over a socket or in process.
 */
import type { Clock, Random } from '../../host/clock';
import type {
  RequestOptions,
  StoreClient,
  StoreOperations,
  StoreState,
  StoreWatch,
  TransactionOptions,
} from '../../host/storeClient';
import { XsType } from '../../wire/xsMessage';
import type { Dial } from '../byteStream';
import { cancelled, orAborted, protocolError } from './errors';
import { defaultLimits } from './limits';
import type { StoreClientLimits } from './limits';
import { Operations } from './operations';
import { strings } from './payload';
import { StoreSession } from './session';
import { runTransaction } from './transaction';
import { WatchRegistry } from './watches';

export interface StoreClientOptions {
  readonly dial: Dial;
  readonly clock: Clock;
  /** Jitter for retries; without it the pauses are exact. */
  readonly random?: Random;
  /** Whether to dial again when the store cannot be reached or goes away; default true. */
  readonly reconnect?: boolean;
  readonly limits?: Partial<StoreClientLimits>;
  /** The connection ends when the store was asked and says nothing for so long; default never. */
  readonly maxSilenceMs?: number;
}

/** Starts to connect at once. Requests made before the first connection wait for it. */
export function openStoreClient(options: StoreClientOptions): StoreClient {
  return new Client(options);
}

class Client extends Operations implements StoreClient {
  readonly #options: StoreClientOptions;
  readonly #session: StoreSession;
  readonly #watches: WatchRegistry;

  constructor(options: StoreClientOptions) {
    super((request, requestOptions) =>
      this.#ask(request.type, request.what, request.payload, requestOptions),
    );
    const limits = { ...defaultLimits, ...options.limits };
    this.#options = options;
    this.#watches = new WatchRegistry(limits.maxQueuedEvents, () => this.#session.current);
    this.#session = new StoreSession({
      dial: options.dial,
      clock: options.clock,
      random: options.random,
      reconnect: options.reconnect ?? true,
      limits,
      maxSilenceMs: options.maxSilenceMs,
      onConnected: (connection) => this.#watches.registerAll(connection),
      onEvent: (path, token) => this.#watches.onEvent(path, token),
      onGone: (error) => this.#watches.endAll(error),
    });
    this.#session.dial();
  }

  get state(): StoreState {
    return this.#session.state;
  }

  onStateChange(listener: (state: StoreState) => void): () => void {
    return this.#session.onStateChange(listener);
  }

  retryNow(): void {
    this.#session.retryNow();
  }

  async watch(path: string, options?: RequestOptions): Promise<StoreWatch> {
    // While the store is away the watch waits for it; after the end there is nothing to wait for.
    if (this.state.kind === 'closed') await this.#session.connection(`watch ${path}`);
    return this.#watches.add(path, options?.signal);
  }

  transaction<T>(
    body: (transaction: StoreOperations) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T> {
    const { clock, random } = this.#options;
    const signal = options?.signal;
    const connection = (what: string) => orAborted(this.#session.connection(what), what, signal);
    // The caller stops waiting at once; what was begun is still given back behind it.
    const run = runTransaction({ clock, random, connection }, body, options);
    return orAborted(run, 'finish the transaction', signal);
  }

  async getDomainPath(domid: number, options?: RequestOptions): Promise<string> {
    const what = `find the path of domain ${domid}`;
    return textOf(await this.#askWords(XsType.GET_DOMAIN_PATH, what, [domid], options));
  }

  async isDomainIntroduced(domid: number, options?: RequestOptions): Promise<boolean> {
    const what = `find out whether domain ${domid} is introduced`;
    const answer = textOf(await this.#askWords(XsType.IS_DOMAIN_INTRODUCED, what, [domid], options));
    if (answer !== 'T' && answer !== 'F') throw protocolError(what, 'the reply is neither T nor F');
    return answer === 'T';
  }

  async introduce(domid: number, gfn: number, port: number, options?: RequestOptions): Promise<void> {
    await this.#askWords(XsType.INTRODUCE, `introduce domain ${domid}`, [domid, gfn, port], options);
  }

  async release(domid: number, options?: RequestOptions): Promise<void> {
    await this.#askWords(XsType.RELEASE, `release domain ${domid}`, [domid], options);
  }

  async resume(domid: number, options?: RequestOptions): Promise<void> {
    await this.#askWords(XsType.RESUME, `resume domain ${domid}`, [domid], options);
  }

  async setTarget(domid: number, targetDomid: number, options?: RequestOptions): Promise<void> {
    const what = `make domain ${targetDomid} the target of domain ${domid}`;
    await this.#askWords(XsType.SET_TARGET, what, [domid, targetDomid], options);
  }

  async resetWatches(options?: RequestOptions): Promise<void> {
    // One NUL, because oxenstored does not answer a request without payload before more bytes come.
    await this.#askWords(XsType.RESET_WATCHES, 'drop all watches', [''], options);
    this.#watches.endAll();
  }

  async control(words: readonly string[], options?: RequestOptions): Promise<string> {
    const what = `run the control command "${words.join(' ')}"`;
    return textOf(await this.#askWords(XsType.CONTROL, what, words, options));
  }

  close(): Promise<void> {
    this.#session.close();
    this.#watches.endAll();
    return Promise.resolve();
  }

  async #askWords(
    type: XsType,
    what: string,
    words: readonly (string | number)[],
    options?: RequestOptions,
  ): Promise<Buffer> {
    return this.#ask(type, what, strings(what, ...words.map(String)), options);
  }

  async #ask(type: XsType, what: string, payload: Buffer, options?: RequestOptions): Promise<Buffer> {
    const signal = options?.signal;
    if (signal?.aborted) throw cancelled(what, signal.reason);
    // Asked in the same turn when the connection is there, so that requests leave in their order.
    const connection =
      this.#session.current ?? (await orAborted(this.#session.connection(what), what, signal));
    return connection.request({ type, payload, txId: 0, what }, signal);
  }
}

function textOf(payload: Buffer): string {
  return payload.toString('latin1').replace(/\0$/, '');
}

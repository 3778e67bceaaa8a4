/**
 * One connection to a xenstored: requests in flight matched to replies by `req_id`, outgoing bytes
 * gathered into one write per turn of the event loop, and a bound on both. It lives once: when the
 * stream ends, everything under way is rejected and the owner opens another connection.
 */
import type { Clock } from '../../host/clock';
import { XenscopeError } from '../../host/errors';
import {
  encodeXs,
  parseXs,
  XS_HEADER_BYTES,
  XS_PAYLOAD_MAX_BYTES,
  XsType,
  xsParserStart,
  xsTypeName,
} from '../../wire/xsMessage';
import type { XsMessage, XsParserState } from '../../wire/xsMessage';
import type { ByteStream, Dial } from '../byteStream';
import { away, cancelled, interrupted, protocolError, storeError } from './errors';
import type { StoreClientLimits } from './limits';
import { Silence } from './silence';

export interface StoreRequest {
  readonly type: XsType;
  readonly payload: Buffer;
  /** 0 for none. */
  readonly txId: number;
  /** What is asked, in the words of an error sentence: `read /a/b`. */
  readonly what: string;
}

export interface ConnectionHandlers {
  /** A WATCH_EVENT; both texts as octets in latin1. */
  onEvent(path: string, token: string): void;
  /** Called once, after everything under way was rejected; not after `close`. */
  onEnd(reason: string): void;
}

export interface Patience {
  readonly clock: Clock;
  /** A server that was asked and says nothing for so long is given up. */
  readonly maxSilenceMs: number;
}

interface Pending {
  readonly request: StoreRequest;
  resolve(payload: Buffer): void;
  reject(error: XenscopeError): void;
  /** Nobody waits any more: the reply is taken and thrown away. */
  abandoned: boolean;
}

export class StoreConnection {
  /** Whether the server has answered as it should: tells a working server from one that hangs up at once. */
  hasAnswered = false;

  readonly #limits: StoreClientLimits;
  readonly #handlers: ConnectionHandlers;
  readonly #inFlight = new Map<number, Pending>();
  #waiting: Pending[] = [];
  #waitingHead = 0;
  #waitingBytes = 0;
  #stream: ByteStream | undefined;
  #parser: XsParserState = xsParserStart;
  #lastReqId = 0;
  #isBlocked = false;
  #isFlushPlanned = false;
  #endReason: string | undefined;
  readonly #silence: Silence | undefined;

  /** Rejects like the dial does when nobody answers. */
  static async open(
    dial: Dial,
    limits: StoreClientLimits,
    handlers: ConnectionHandlers,
    patience?: Patience,
  ): Promise<StoreConnection> {
    const connection = new StoreConnection(limits, handlers, patience);
    const stream = await dial({
      onData: (bytes) => connection.#onData(bytes),
      onDrain: () => connection.#onDrain(),
      onClose: (reason) => connection.#end(reason ?? 'The xenstore closed the connection.'),
    });
    connection.#stream = stream;
    if (connection.#endReason !== undefined) stream.close();
    return connection;
  }

  private constructor(limits: StoreClientLimits, handlers: ConnectionHandlers, patience?: Patience) {
    this.#limits = limits;
    this.#handlers = handlers;
    if (!patience) return;
    const { clock, maxSilenceMs } = patience;
    const waited = maxSilenceMs === 1000 ? 'a second' : `${maxSilenceMs / 1000} seconds`;
    this.#silence = new Silence(clock, maxSilenceMs, () =>
      this.#end(`The xenstore has not answered for ${waited}.`),
    );
  }

  /** Why the connection has ended; undefined while it lives. */
  get endReason(): string | undefined {
    return this.#endReason;
  }

  /** Answers with the payload of the reply, which the caller may keep. */
  request(request: StoreRequest, signal?: AbortSignal): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const refusal = this.#refusal(request, signal);
      if (refusal) return reject(refusal);
      const pending: Pending = { request, resolve, reject, abandoned: false };
      if (signal) this.#abandonOnAbort(pending, signal);
      this.#waiting.push(pending);
      this.#waitingBytes += requestBytes(request);
      this.#planFlush();
    });
  }

  /** Ends the connection; everything under way rejects with `cancelled`. `onEnd` is not called. */
  close(): void {
    if (this.#endReason !== undefined) return;
    this.#endReason = 'The connection was closed.';
    this.#silence?.end();
    this.#stream?.close();
    for (const { request, reject } of this.#takeAll()) reject(cancelled(request.what));
  }

  #refusal({ what, payload }: StoreRequest, signal?: AbortSignal): XenscopeError | undefined {
    if (signal?.aborted) return cancelled(what, signal.reason);
    if (this.#endReason !== undefined) return away(what, this.#endReason);
    if (payload.length > XS_PAYLOAD_MAX_BYTES) {
      return new XenscopeError(
        'input',
        `Cannot ${what}: the request has ${payload.length} bytes, and a xenstore takes at most ${XS_PAYLOAD_MAX_BYTES}.`,
        { wayOut: 'Path and value together must fit in one message; split the value over several nodes.' },
      );
    }
    if (
      this.#waiting.length - this.#waitingHead >= this.#limits.maxWaitingRequests ||
      this.#waitingBytes >= this.#limits.maxWaitingBytes
    ) {
      return new XenscopeError('limit', `Cannot ${what}: too many requests wait for the xenstore already.`, {
        wayOut: 'Wait for some replies before asking for more.',
      });
    }
    return undefined;
  }

  #abandonOnAbort(pending: Pending, signal: AbortSignal): void {
    const { resolve, reject } = pending;
    const onAbort = () => {
      // The entry stays where it is: an unsent one is skipped, the reply to a sent one is thrown away.
      pending.abandoned = true;
      reject(cancelled(pending.request.what, signal.reason));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    pending.resolve = (payload) => {
      signal.removeEventListener('abort', onAbort);
      resolve(payload);
    };
    pending.reject = (error) => {
      signal.removeEventListener('abort', onAbort);
      reject(error);
    };
  }

  /** One write for all that is asked in this turn: the tick runs after the last waiting microtask. */
  #planFlush(): void {
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    queueMicrotask(() =>
      process.nextTick(() => {
        this.#isFlushPlanned = false;
        this.#flush();
      }),
    );
  }

  #flush(): void {
    if (this.#endReason !== undefined || this.#isBlocked || !this.#stream) return;
    const messages: Buffer[] = [];
    while (
      this.#waitingHead < this.#waiting.length &&
      this.#inFlight.size < this.#limits.maxRequestsInFlight
    ) {
      const pending = this.#waiting[this.#waitingHead++]!;
      this.#waitingBytes -= requestBytes(pending.request);
      if (pending.abandoned) continue;
      const reqId = this.#nextReqId();
      this.#inFlight.set(reqId, pending);
      messages.push(encodeXs({ ...pending.request, reqId }));
    }
    this.#forgetSent();
    if (messages.length === 0) return;
    this.#silence?.begin();
    const bytes = messages.length === 1 ? messages[0]! : Buffer.concat(messages);
    this.#isBlocked = !this.#stream.write(bytes);
  }

  /** Cuts off the part of the queue that is behind us, seldom enough to cost nothing. */
  #forgetSent(): void {
    if (this.#waitingHead === this.#waiting.length) {
      this.#waiting = [];
      this.#waitingHead = 0;
    } else if (this.#waitingHead > 1024 && this.#waitingHead * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#waitingHead);
      this.#waitingHead = 0;
    }
  }

  #nextReqId(): number {
    do this.#lastReqId = (this.#lastReqId + 1) >>> 0;
    while (this.#lastReqId === 0 || this.#inFlight.has(this.#lastReqId));
    return this.#lastReqId;
  }

  #onDrain(): void {
    this.#isBlocked = false;
    this.#flush();
  }

  #onData(bytes: Buffer): void {
    if (this.#endReason !== undefined) return;
    this.#silence?.broken();
    const { state, messages } = parseXs(this.#parser, bytes, this.#limits.maxReplyBytes);
    this.#parser = state;
    for (const message of messages) {
      this.#onMessage(message);
      // A message may have ended the connection, by what it is or by what it made the owner do.
      if (this.endReason !== undefined) return;
    }
    if (this.#inFlight.size === 0) this.#silence?.end();
    if (state.kind === 'broken') this.#end(state.reason);
    else if (this.#waitingHead < this.#waiting.length) this.#planFlush();
  }

  #onMessage(message: XsMessage): void {
    if (message.type === XsType.WATCH_EVENT) return this.#onEvent(message.payload);
    const pending = this.#inFlight.get(message.reqId);
    if (!pending) {
      return this.#end(`The xenstore answered request ${message.reqId}, which was not asked.`);
    }
    this.#inFlight.delete(message.reqId);
    const { type, what } = pending.request;
    this.hasAnswered ||= message.type === type || message.type === XsType.ERROR;
    if (message.type === type) return pending.resolve(Buffer.from(message.payload));
    if (message.type === XsType.ERROR) return pending.reject(storeError(pending.request, message.payload));
    const got = xsTypeName(message.type) ?? `type ${message.type}`;
    const error = protocolError(what, `the reply is ${got} instead of ${xsTypeName(type)}`);
    pending.reject(error);
    this.#end(error.message);
  }

  #onEvent(payload: Buffer): void {
    const [path, token] = payload.toString('latin1').split('\0');
    if (path === undefined || token === undefined) {
      return this.#end('The xenstore sent a watch event without path or token.');
    }
    this.#handlers.onEvent(path, token);
  }

  #end(reason: string): void {
    if (this.#endReason !== undefined) return;
    this.#endReason = reason;
    this.#silence?.end();
    this.#stream?.close();
    const sent = new Set(this.#inFlight.values());
    for (const pending of this.#takeAll()) {
      const { what } = pending.request;
      pending.reject(sent.has(pending) ? interrupted(what, reason) : away(what, reason));
    }
    this.#handlers.onEnd(reason);
  }

  #takeAll(): Pending[] {
    const all = [...this.#inFlight.values(), ...this.#waiting.slice(this.#waitingHead)];
    this.#inFlight.clear();
    this.#waiting = [];
    this.#waitingHead = 0;
    this.#waitingBytes = 0;
    return all;
  }
}

function requestBytes({ payload }: StoreRequest): number {
  return XS_HEADER_BYTES + payload.length;
}

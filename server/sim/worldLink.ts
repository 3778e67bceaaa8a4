/**
 * A connection to the store within the process, for the world's own programs: each message on it is
 * a thing of its own that the scheduler lets happen, so that a held world holds these as well and
 * the seed draws whose request comes first.
 */
import type { ByteStream, ByteStreamHandlers, Dial } from '../store/byteStream';
import {
  XS_HEADER_BYTES,
  XS_PAYLOAD_MAX_BYTES,
  XS_TOO_LONG,
  XsType,
  xsMessageEnd,
  xsTypeName,
} from '../wire/xsMessage';
import type { Gate, What, WorldTime } from './due';

const HIGH_WATER_BYTES = 64 * 1024;

export interface LinkOptions {
  readonly time: WorldTime;
  readonly domid: number;
  /** What a person calls the domain. */
  readonly name: string;
  /** Shut while the domain cannot take what comes. */
  readonly gate?: Gate;
}

export function worldLink(dial: Dial, { time, domid, name, gate }: LinkOptions): Dial {
  return async (handlers: ByteStreamHandlers) => {
    const toClient = new Lane(
      time,
      (bytes) => new Message('answer', domid, bytes, name, gate),
      (bytes) => handlers.onData(bytes),
      () => stream.resume(),
    );
    const stream: ByteStream = await dial({
      onData: (bytes) => {
        if (!toClient.push(bytes)) stream.pause();
      },
      onDrain: () => undefined,
      onClose: (reason) => toClient.end(() => handlers.onClose(reason)),
    });
    const toStore = new Lane(
      time,
      (bytes) => new Message('request', domid, bytes, name),
      (bytes) => void stream.write(bytes),
      () => handlers.onDrain(),
    );
    return {
      write: (bytes) => toStore.push(bytes),
      get queuedBytes() {
        return toStore.queuedBytes + stream.queuedBytes;
      },
      pause: () => toClient.pause(),
      resume: () => toClient.resume(),
      close: () => {
        // As when a kernel stops: what was not handed over is never sent.
        toStore.drop();
        toClient.drop();
        stream.close();
      },
    };
  };
}

/** One direction: whole messages, one after the other, each when the scheduler says so. */
class Lane {
  queuedBytes = 0;
  readonly #queue: Buffer[] = [];
  /** The beginning of a message: a program may write its header and its payload apart. */
  #partial: Buffer = Buffer.alloc(0);
  #planned: { cancel(): void } | undefined;
  #wantsDrain = false;
  #isPaused = false;
  #atEnd: (() => void) | undefined;

  constructor(
    private readonly time: WorldTime,
    private readonly what: (bytes: Buffer) => What,
    private readonly deliver: (bytes: Buffer) => void,
    private readonly onDrain: () => void,
  ) {}

  /** False asks to wait for `onDrain`. */
  push(bytes: Buffer): boolean {
    const unread = this.#partial.length === 0 ? bytes : Buffer.concat([this.#partial, bytes]);
    const { messages, partial } = messagesIn(unread);
    this.#partial = partial;
    this.#queue.push(...messages);
    this.queuedBytes += bytes.length;
    this.#plan();
    this.#wantsDrain ||= this.queuedBytes >= HIGH_WATER_BYTES;
    return !this.#wantsDrain;
  }

  pause(): void {
    this.#isPaused = true;
    this.#planned?.cancel();
    this.#planned = undefined;
  }

  resume(): void {
    this.#isPaused = false;
    this.#plan();
  }

  /** Calls `tell` when everything before has arrived. */
  end(tell: () => void): void {
    this.#atEnd = tell;
    if (this.#queue.length === 0) tell();
  }

  drop(): void {
    this.#queue.length = 0;
    this.#partial = Buffer.alloc(0);
    this.queuedBytes = 0;
    this.#planned?.cancel();
    this.#planned = undefined;
  }

  #plan(): void {
    const first = this.#queue[0];
    if (!first || this.#planned || this.#isPaused) return;
    this.#planned = this.time.soon(() => this.#next(), this.what(first));
  }

  #next(): void {
    this.#planned = undefined;
    const bytes = this.#queue.shift();
    if (!bytes) return;
    this.queuedBytes -= bytes.length;
    this.deliver(bytes);
    this.#plan();
    if (this.#queue.length > 0) return;
    if (this.#wantsDrain) {
      this.#wantsDrain = false;
      this.onDrain();
    }
    this.#atEnd?.();
  }
}

/** One that is longer than any may be is passed on as it comes: the store refuses it. */
function messagesIn(bytes: Buffer): { readonly messages: Buffer[]; readonly partial: Buffer } {
  const messages: Buffer[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const end = xsMessageEnd(bytes, offset, XS_PAYLOAD_MAX_BYTES);
    if (end > bytes.length) return { messages, partial: bytes.subarray(offset) };
    const next = end === XS_TOO_LONG ? bytes.length : end;
    messages.push(bytes.subarray(offset, next));
    offset = next;
  }
  return { messages, partial: Buffer.alloc(0) };
}

/** Says its sentence only when asked. */
class Message implements What {
  constructor(
    readonly kind: 'request' | 'answer',
    readonly domid: number,
    private readonly bytes: Buffer,
    private readonly name: string,
    readonly gate?: Gate,
  ) {}

  get text(): string {
    const said = describeXs(this.bytes);
    return this.kind === 'request'
      ? `${this.name} (domain ${this.domid}) asks the store: ${said}.`
      : `The store tells ${this.name} (domain ${this.domid}): ${said}.`;
  }
}

/** Type and first word of a message: `READ /local/domain/3/name`. */
export function describeXs(bytes: Buffer): string {
  if (bytes.length < XS_HEADER_BYTES) return `${bytes.length} bytes of a message`;
  const type = bytes.readUInt32LE(0);
  const payload = bytes.subarray(XS_HEADER_BYTES);
  const end = payload.indexOf(0);
  const word = payload.subarray(0, end < 0 ? Math.min(payload.length, 64) : end).toString('latin1');
  const name = type === (XsType.WATCH_EVENT as number) ? 'a change at' : (xsTypeName(type) ?? `type ${type}`);
  return word === '' ? name : `${name} ${word}`;
}

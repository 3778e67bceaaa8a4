/**
 * A bare xenstore connection for tests: it puts any header and any bytes on a stream and shows
 * what comes back, and does nothing by itself.
 *
 * Payloads are written as the field writes them on paper, with `|` for a NUL byte: `/a|value`.
 * A Buffer is sent as it is.
 */
import assert from 'node:assert/strict';
import type { ByteStream, Dial } from '../../server/store/byteStream';
import {
  type XsMessage,
  type XsParserState,
  XS_HEADER_BYTES,
  XsType,
  type XsTypeName,
  parseXs,
  writeXsHeader,
  xsParserStart,
} from '../../server/wire/xsMessage';

/** Far above what any answer needs: it only turns a hang into a sentence. */
const patienceMs = 8_000;

export interface RawFrame {
  readonly type: XsTypeName | number;
  readonly payload?: string | Buffer;
  readonly reqId?: number;
  readonly txId?: number;
  /** What the header announces; the payload's true length when left out. */
  readonly len?: number;
}

/** A frame as it goes over the wire, whether it makes sense or not. */
export function rawFrame({ type, payload = '', reqId = 0, txId = 0, len }: RawFrame): Buffer {
  const body = typeof payload === 'string' ? bytesOf(payload) : payload;
  const frame = Buffer.alloc(XS_HEADER_BYTES + body.length);
  writeXsHeader(frame, 0, typeof type === 'number' ? type : XsType[type], reqId, txId, len ?? body.length);
  body.copy(frame, XS_HEADER_BYTES);
  return frame;
}

export function bytesOf(text: string): Buffer {
  return Buffer.from(text.replaceAll('|', '\0'), 'latin1');
}

export function textOf(payload: Buffer): string {
  return payload.toString('latin1').replaceAll('\0', '|');
}

/** `OK`, `ERROR ENOENT`, or the payload with `|` for NUL. */
export function describeReply({ type, payload }: XsMessage): string {
  const text = textOf(payload);
  if (type === XsType.ERROR)
    return /^[A-Z0-9]+\|$/.test(text) ? `ERROR ${text.slice(0, -1)}` : `ERROR (${text})`;
  return text === 'OK|' ? 'OK' : text;
}

export class RawConnection {
  private stream!: ByteStream;
  private parser: XsParserState = xsParserStart;
  private readonly messages: XsMessage[] = [];
  private readonly events: string[] = [];
  private readonly wakeUps = new Set<() => void>();
  private lastReqId = 0;
  private ended = false;

  static async open(dial: Dial): Promise<RawConnection> {
    const connection = new RawConnection();
    connection.stream = await dial({
      onData: (bytes) => connection.take(bytes),
      onDrain: () => undefined,
      onClose: () => {
        connection.ended = true;
        connection.wake();
      },
    });
    return connection;
  }

  /** Whether the other side ended the stream. */
  get isClosed(): boolean {
    return this.ended;
  }

  sendBytes(bytes: Buffer): void {
    this.stream.write(Buffer.from(bytes));
  }

  /** Sends a frame and answers its req_id: the next number, unless the frame names one. */
  send(frame: RawFrame): number {
    const reqId = frame.reqId ?? ++this.lastReqId;
    this.sendBytes(rawFrame({ ...frame, reqId }));
    return reqId;
  }

  /** The next message of the stream, whatever it is. */
  async receive(): Promise<XsMessage> {
    await this.until('a message', () => this.messages.length > 0 || this.ended);
    const message = this.messages.shift();
    assert.ok(message, 'the server closed the connection instead of sending a message');
    return message;
  }

  /** The next message that is no watch event; events on the way are kept for `takeEvents`. */
  async reply(): Promise<XsMessage> {
    for (;;) {
      const message = await this.receive();
      if (message.type !== XsType.WATCH_EVENT) return message;
      this.keepEvent(message);
    }
  }

  /** One request and its reply in words. Sees to it that the header echoes what was asked. */
  async ask(type: XsTypeName | number, payload: string | Buffer = '', txId = 0): Promise<string> {
    return describeReply(await this.rpc(type, payload, txId));
  }

  async rpc(type: XsTypeName | number, payload: string | Buffer = '', txId = 0): Promise<XsMessage> {
    const reqId = this.send({ type, payload, txId });
    const reply = await this.reply();
    assert.equal(reply.reqId, reqId, 'the reply echoes the req_id');
    assert.equal(reply.txId, txId, 'the reply echoes the tx_id');
    const asked = typeof type === 'number' ? type : XsType[type];
    if (reply.type !== XsType.ERROR) assert.equal(reply.type, asked, 'the reply has the type of the request');
    return reply;
  }

  /** For a request that only prepares a case. */
  async ok(type: XsTypeName | number, payload: string | Buffer = '', txId = 0): Promise<void> {
    const said = typeof payload === 'string' ? payload.slice(0, 80) : `${payload.length} bytes`;
    assert.equal(await this.ask(type, payload, txId), 'OK', `${type} ${said}`);
  }

  /** Starts a transaction and answers its id. */
  async begin(): Promise<number> {
    const text = await this.ask('TRANSACTION_START', '|');
    assert.match(text, /^[1-9][0-9]*\|$/, 'TRANSACTION_START answers a decimal number and a NUL');
    return Number(text.slice(0, -1));
  }

  /** `OK`, or the error with which the commit ended. */
  commit(txId: number): Promise<string> {
    return this.ask('TRANSACTION_END', 'T|', txId);
  }

  /**
   * All watch events since the last call, as `path|token`. Events queue before later replies on the
   * same connection, so one round trip brings everything that earlier finished requests caused.
   */
  async takeEvents(): Promise<string[]> {
    assert.equal(await this.ask('GET_DOMAIN_PATH', '7|'), '/local/domain/7|');
    return this.events.splice(0);
  }

  /** Waits for one more event: for happenings that no request of ours stands for. */
  async nextEvent(): Promise<string> {
    if (this.events.length === 0) {
      const message = await this.receive();
      assert.equal(message.type, XsType.WATCH_EVENT);
      this.keepEvent(message);
    }
    return this.events.shift()!;
  }

  /** Resolves when the other side has ended the stream; answers the messages that came before. */
  async untilClosed(): Promise<XsMessage[]> {
    await this.until('the end of the connection', () => this.ended);
    return this.messages.splice(0);
  }

  /** Stops to read, so that what the server sends piles up on its side. */
  pause(): void {
    this.stream.pause();
  }

  resume(): void {
    this.stream.resume();
  }

  close(): void {
    this.stream.close();
  }

  private keepEvent({ reqId, txId, payload }: XsMessage): void {
    assert.deepEqual([reqId, txId], [0, 0], 'watch events carry req_id 0 and tx_id 0');
    const text = textOf(payload);
    assert.match(text, /^[^|]+\|[^|]*\|$/, 'a watch event is a path and a token');
    this.events.push(text.slice(0, -1));
  }

  private take(bytes: Buffer): void {
    const { state, messages } = parseXs(this.parser, bytes);
    this.parser = state;
    this.messages.push(...messages.map((message) => ({ ...message, payload: Buffer.from(message.payload) })));
    if (state.kind === 'broken') this.ended = true;
    this.wake();
  }

  private wake(): void {
    for (const wakeUp of [...this.wakeUps]) wakeUp();
  }

  private async until(what: string, isTrue: () => boolean): Promise<void> {
    if (isTrue()) return;
    await new Promise<void>((resolve, reject) => {
      const done = (error?: Error) => {
        clearTimeout(timeout);
        this.wakeUps.delete(look);
        if (error) reject(error);
        else resolve();
      };
      const look = () => {
        if (isTrue()) done();
      };
      const timeout = setTimeout(() => done(new Error(`waited ${patienceMs} ms for ${what}`)), patienceMs);
      this.wakeUps.add(look);
    });
  }
}

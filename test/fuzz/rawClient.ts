/** A socket client without manners: it sends any bytes and reads only when told to. */
import { once } from 'node:events';
import net from 'node:net';
import {
  encodeXs,
  parseXs,
  XsType,
  xsParserStart,
  type XsMessage,
  type XsParserState,
} from '../../server/wire/xsMessage';

export class RawClient {
  readonly replies: XsMessage[] = [];
  readonly events: XsMessage[] = [];
  closed = false;
  private state: XsParserState = xsParserStart;
  private wake: (() => void)[] = [];

  private constructor(readonly socket: net.Socket) {
    socket.on('data', (chunk) => this.take(chunk));
    // A reset is one of the ways in which a server cuts off a client that broke the protocol.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.closed = true;
      this.wakeAll();
    });
  }

  static async open(socketPath: string): Promise<RawClient> {
    for (;;) {
      const socket = net.connect(socketPath);
      try {
        await once(socket, 'connect');
        return new RawClient(socket);
      } catch (error) {
        // So many at once that the listener's backlog is full: the kernel asks to come again.
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  send(type: number, payload: Buffer | string = '', txId = 0, reqId = 1): void {
    this.sendBytes(encodeXs({ type, reqId, txId, payload: Buffer.from(payload) }));
  }

  sendBytes(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  /** Resolves when `count` replies in all have come; rejects when the server closes first. */
  async repliesCame(count: number): Promise<void> {
    await this.until(() => this.replies.length >= count || this.closed);
    if (this.replies.length < count)
      throw new Error(`The server closed after ${this.replies.length} of ${count} replies.`);
  }

  async wasClosed(): Promise<void> {
    await this.until(() => this.closed);
  }

  async request(type: number, payload: Buffer | string = '', txId = 0): Promise<XsMessage> {
    const before = this.replies.length;
    this.send(type, payload, txId);
    await this.repliesCame(before + 1);
    return this.replies[before]!;
  }

  stopReading(): void {
    this.socket.pause();
  }

  end(): void {
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    const { state, messages } = parseXs(this.state, chunk);
    this.state = state;
    for (const message of messages) {
      const kept = { ...message, payload: Buffer.from(message.payload) };
      (message.type === XsType.WATCH_EVENT ? this.events : this.replies).push(kept);
    }
    this.wakeAll();
  }

  private wakeAll(): void {
    const waiting = this.wake;
    this.wake = [];
    for (const run of waiting) run();
  }

  private async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.wake.push(resolve));
  }
}

/** A program at a world's guest socket, byte by byte as it wants: for tests of the server's end. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import {
  GUEST_HEADER_BYTES,
  GUEST_PROTOCOL_VERSION,
  GuestKind,
  GuestOp,
  guestHelloBytes,
  guestMessageEnd,
  guestRequestBytes,
  guestWordBytes,
} from '../../server/wire/guestSocket';

export interface Answer {
  readonly result: number;
  readonly payload: Buffer;
}

const maxReplyBytes = 1024 * 1024;

export class GuestClient {
  #bytes: Buffer = Buffer.alloc(0);
  #wake: (() => void) | undefined;
  #isClosed = false;

  private constructor(readonly socket: Socket) {
    socket.on('data', (more) => {
      this.#bytes = Buffer.concat([this.#bytes, more]);
      this.#wake?.();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#isClosed = true;
      this.#wake?.();
    });
  }

  static async dial(socketPath: string): Promise<GuestClient> {
    const socket = connect(socketPath);
    await once(socket, 'connect');
    return new GuestClient(socket);
  }

  /** A device of a domain that was joined. */
  static async open(socketPath: string, kind: number, domid: number): Promise<GuestClient> {
    const client = await GuestClient.dial(socketPath);
    const { result, payload } = await client.hello(kind, { domid });
    if (result < 0) throw new Error(`refused (${result}): ${payload.toString()}`);
    client.greeting = payload;
    return client;
  }

  /** What the server said when the device was opened. */
  greeting: Buffer = Buffer.alloc(0);

  hello(
    kind: number,
    { domid = 0, rest = Buffer.alloc(0) as Buffer, version = GUEST_PROTOCOL_VERSION } = {},
  ): Promise<Answer> {
    const payload = guestHelloBytes({ version, kind, domid, rest });
    return this.askBytes(GuestOp.hello, payload);
  }

  ask(op: number, ...words: readonly number[]): Promise<Answer> {
    return this.askBytes(op, guestWordBytes(words));
  }

  askBytes(op: number, payload: Buffer): Promise<Answer> {
    this.send(guestRequestBytes({ op, payload }));
    return this.answer();
  }

  send(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  /** The next answer; rejects when the connection ends before it. */
  async answer(): Promise<Answer> {
    for (;;) {
      const end = guestMessageEnd(this.#bytes, 0, maxReplyBytes);
      if (typeof end === 'number' && end <= this.#bytes.length) {
        const answer = {
          result: this.#bytes.readInt32LE(0),
          payload: this.#bytes.subarray(GUEST_HEADER_BYTES, end),
        };
        this.#bytes = this.#bytes.subarray(end);
        return answer;
      }
      await this.#more();
    }
  }

  /** The next port that was rung, of a connection for events. */
  async event(): Promise<number> {
    while (this.#bytes.length < 4) await this.#more();
    const port = this.#bytes.readUInt32LE(0);
    this.#bytes = this.#bytes.subarray(4);
    return port;
  }

  get unreadBytes(): number {
    return this.#bytes.length;
  }

  async ended(): Promise<void> {
    while (!this.#isClosed) await this.#wait();
  }

  close(): void {
    this.socket.destroy();
  }

  async #more(): Promise<void> {
    if (this.#isClosed) throw new Error('the server has closed the connection');
    await this.#wait();
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }
}

/** The two connections of one event channel handle. */
export async function openEvtchn(
  socketPath: string,
  domid: number,
): Promise<{ readonly calls: GuestClient; readonly events: GuestClient; close(): void }> {
  const calls = await GuestClient.open(socketPath, GuestKind.evtchn, domid);
  const events = await GuestClient.dial(socketPath);
  await events.hello(GuestKind.events, { rest: calls.greeting });
  return {
    calls,
    events,
    close() {
      calls.close();
      events.close();
    },
  };
}

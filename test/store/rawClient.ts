/** A client of bytes: sends what it is told and keeps what comes, for tests of the server's transports. */
import net from 'node:net';
import {
  XsType,
  encodeXs,
  parseXs,
  xsParserStart,
  type XsMessage,
  type XsTypeName,
} from '../../server/wire/xsMessage';

export class RawClient {
  readonly socket: net.Socket;
  readonly messages: XsMessage[] = [];
  isClosed = false;
  #state = xsParserStart;
  #changed: () => void = () => undefined;

  constructor(path: string) {
    this.socket = net.connect(path);
    this.socket.on('data', (bytes) => this.#take(bytes));
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.isClosed = true;
      this.#changed();
    });
  }

  #take(bytes: Buffer): void {
    const { state, messages } = parseXs(this.#state, bytes);
    this.#state = state;
    for (const message of messages) this.messages.push({ ...message, payload: Buffer.from(message.payload) });
    this.#changed();
  }

  send(type: XsTypeName, payload: string, reqId = 1): void {
    this.socket.write(request(type, payload, reqId));
  }

  /** Waits until `isTrue`, looking again whenever something came. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await new Promise<void>((resolve) => (this.#changed = resolve));
  }

  async ask(type: XsTypeName, payload: string): Promise<string> {
    const reqId = 1000 + this.messages.length;
    this.send(type, payload, reqId);
    const reply = (): XsMessage | undefined => this.messages.find((message) => message.reqId === reqId);
    await this.until(() => this.isClosed || reply() !== undefined);
    return reply()?.payload.toString('latin1') ?? 'closed';
  }
}

export function request(type: XsTypeName, payload: string, reqId = 1): Buffer {
  return encodeXs({ type: XsType[type], reqId, txId: 0, payload: Buffer.from(payload, 'latin1') });
}

/**
 * One connection to the guest socket: takes the requests apart, one after the other, and hands them
 * to the device that the program has opened with its first. Whoever breaks the protocol is cut off,
 * and hurts nobody else.
 */
import type { ByteStream, ByteStreamHandlers } from '../../store/byteStream';
import {
  GUEST_HEADER_BYTES,
  GUEST_PAYLOAD_MAX_BYTES,
  GUEST_PROTOCOL_VERSION,
  GuestOp,
  guestMessageEnd,
  guestReplyBytes,
  guestWords,
  parseGuestHello,
} from '../../wire/guestSocket';
import type { GuestHello, GuestReply } from '../../wire/guestSocket';
import type { Device } from './device';
import type { JoinedDomain, Member } from './joinedDomain';
import { done, refusal, replyTo } from './replies';

/** What a program may leave unread before it gets no further answers, or is taken for stuck. */
const maxUnreadBytes = 256 * 1024;

export interface Opened {
  readonly joined: JoinedDomain;
  readonly device: Device;
}

export interface ConnectionPorts {
  /** What `hello` asks for. Throws what `replyTo` knows. `tell` sends the number of a port, for events. */
  open(hello: GuestHello, tell: (portBytes: Buffer) => void): Promise<Opened>;
  /** It is over. */
  closed(): void;
}

export class GuestConnection implements ByteStreamHandlers, Member {
  readonly #ports: ConnectionPorts;
  #stream!: ByteStream;
  #bytes: Buffer = Buffer.alloc(0);
  #opened: Opened | undefined;
  #isBusy = false;
  #isOver = false;

  constructor(ports: ConnectionPorts) {
    this.#ports = ports;
  }

  open(stream: ByteStream): void {
    this.#stream = stream;
  }

  onData(bytes: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#bytes, bytes]);
    this.#work();
  }

  onDrain(): void {
    this.#work();
  }

  onClose(): void {
    this.#end(false);
  }

  /** Its domain stopped, or the world ends. */
  stop(reason: string): void {
    if (this.#opened?.device.hearsWhy) this.#reply(refusal('ENODEV', reason));
    this.#end(true);
  }

  #work(): void {
    while (!this.#isBusy && !this.#isOver && this.#stream.queuedBytes < maxUnreadBytes) {
      const end = guestMessageEnd(this.#bytes, 0, GUEST_PAYLOAD_MAX_BYTES);
      if (end === 'tooLong') return this.#end(false);
      if (end === undefined || end > this.#bytes.length) break;
      const op = this.#bytes.readUInt32LE(0);
      const payload = this.#bytes.subarray(GUEST_HEADER_BYTES, end);
      this.#bytes = this.#bytes.subarray(end);
      this.#answer(op, payload);
    }
    // Whoever sends on without waiting for its answers waits here.
    if (this.#isOver) return;
    // So much holds a whole request, which is being answered, or will be when answers are taken.
    if (this.#bytes.length > GUEST_HEADER_BYTES + GUEST_PAYLOAD_MAX_BYTES) this.#stream.pause();
    else this.#stream.resume();
  }

  #answer(op: number, payload: Buffer): void {
    let reply: GuestReply | Promise<GuestReply>;
    try {
      reply = this.#opened ? this.#call(this.#opened.device, op, payload) : this.#greet(op, payload);
    } catch (error) {
      return this.#fail(error);
    }
    if (!(reply instanceof Promise)) return this.#reply(reply);
    this.#isBusy = true;
    reply.then(
      (late) => this.#goOn(() => this.#reply(late)),
      (error: unknown) => this.#goOn(() => this.#fail(error)),
    );
  }

  #goOn(answer: () => void): void {
    this.#isBusy = false;
    answer();
    this.#work();
  }

  /** What is no expected failure is a mistake of ours: it costs this connection and shows in the log. */
  #fail(error: unknown): void {
    try {
      this.#reply(replyTo(error));
    } catch (mistake) {
      this.#end(false);
      void Promise.reject(mistake as Error);
    }
  }

  #call(device: Device, op: number, payload: Buffer): GuestReply | Promise<GuestReply> {
    const words = guestWords(payload);
    return words ? device.call(op, words) : refusal('EINVAL');
  }

  async #greet(op: number, payload: Buffer): Promise<GuestReply> {
    const hello = op === GuestOp.hello ? parseGuestHello(payload) : undefined;
    if (!hello) {
      this.#end(false);
      return refusal('EPROTO');
    }
    if (hello.version !== GUEST_PROTOCOL_VERSION) {
      return refusal(
        'EPROTONOSUPPORT',
        `This world speaks version ${GUEST_PROTOCOL_VERSION} of the guest protocol, and the program's libraries version ${hello.version}. Use libraries and server of one Xenscope.`,
      );
    }
    const opened = await this.#ports.open(hello, (portBytes) => this.#tell(portBytes));
    const { joined, device } = opened;
    joined.add(this);
    if (this.#isOver || joined.isOver) {
      device.end(true);
      joined.remove(this);
      return refusal('ENODEV');
    }
    this.#opened = opened;
    return done(0, device.greeting);
  }

  #reply(reply: GuestReply): void {
    if (!this.#isOver) this.#stream.write(guestReplyBytes(reply));
  }

  #tell(portBytes: Buffer): void {
    if (this.#isOver) return;
    this.#stream.write(portBytes);
    // A port is told once until it is unmasked: so much is left unread by somebody who plays tricks.
    if (this.#stream.queuedBytes > maxUnreadBytes) this.#end(false);
  }

  #end(isSudden: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#bytes = Buffer.alloc(0);
    this.#stream.close();
    this.#opened?.device.end(isSudden);
    this.#opened?.joined.remove(this);
    this.#ports.closed();
  }
}

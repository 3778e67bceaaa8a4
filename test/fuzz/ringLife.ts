/**
 * Two ends of a ring and a scheduler that draws everything from a seed: which step of which end comes
 * next, when a doorbell arrives, how large a chunk somebody writes, when a reader stops to read, when
 * the guest asks for a reconnect, and what goes wrong on the way.
 */
import assert from 'node:assert/strict';
import type { Random } from '../../server/host/clock';
import { XenscopeError } from '../../server/host/errors';
import type { RingStep, RingSteps, StepVerdict } from '../../server/host/steps';
import type { ByteStream, ByteStreamHandlers } from '../../server/store/byteStream';
import { dialRing, type RingDial } from '../../server/store/client/ringDial';
import { ServerRing } from '../../server/store/ring/serverRing';
import { XS_RING_BYTES, XsRingError, XsRingFeature } from '../../server/wire/xsRing';
import { INDEX_WORDS, ringPage, setWord, wordOf, type RingPage } from '../support/ringPage';
import { randomBytes, seededRandom } from './seed';

export interface Faults {
  /** Doorbells are lost and doubled. */
  readonly bells: boolean;
  /** Indices are written in two halves. */
  readonly tornIndices: boolean;
  /** Readers stop to read for a while. */
  readonly slowReaders: boolean;
  /** The guest asks for a new connection now and then, and scribbles over the page while it waits. */
  readonly reconnects: boolean;
}

/** The bytes of one direction of one connection: what is written is what must be read, and nothing else. */
class Sequence {
  written = 0;
  read = 0;

  constructor(private readonly key: number) {}

  take(length: number): Buffer {
    const bytes = Buffer.from(Array.from({ length }, (_, n) => this.#at(this.written + n)));
    this.written += length;
    return bytes;
  }

  see(bytes: Buffer): void {
    for (const [n, byte] of bytes.entries()) {
      const at = this.read + n;
      assert.ok(at < this.written, `byte ${at} of connection ${this.key} was never written`);
      assert.equal(byte, this.#at(at), `byte ${at} of connection ${this.key}`);
    }
    this.read += bytes.length;
  }

  #at(n: number): number {
    const mixed = Math.imul(n + 1, 0x9e3779b1) ^ Math.imul(this.key + 1, 0x85ebca6b);
    return (mixed ^ (mixed >>> 15)) & 0xff;
  }
}

/** One end's view of its connection. */
class Talker implements ByteStreamHandlers {
  stream: ByteStream | undefined;
  isOver = false;
  isPaused = false;

  constructor(
    readonly says: Sequence,
    readonly hears: Sequence,
  ) {}

  open(stream: ByteStream): void {
    this.stream = stream;
  }

  onData(bytes: Buffer): void {
    assert.ok(!this.isOver, 'bytes came after the end');
    this.hears.see(bytes);
  }

  onDrain(): void {
    assert.equal(this.stream?.queuedBytes, 0);
  }

  onClose(): void {
    this.isOver = true;
  }
}

const MAX_QUEUED_BYTES = 8192;
/** Far more than the acts of a life can set off. */
const MAX_TURNS = 200_000;

export class RingLife {
  readonly #random: Random;
  readonly #page: RingPage;
  readonly #server: ServerRing;
  readonly #dial: RingDial;
  /** What may happen next: steps of both ends, and doorbells on their way. */
  readonly #due: (() => void)[] = [];
  #serverTalker!: Talker;
  /** Undefined while the guest dials. */
  #guestTalker: Talker | undefined;
  #connections = 0;
  #isReconnecting = false;
  #isEnding = false;
  #failure: unknown;

  constructor(
    seed: number,
    private readonly faults: Faults,
  ) {
    this.#random = seededRandom(seed);
    this.#page = ringPage((deliver) => this.#due.push(deliver));
    const { memory, serverPort, guestPort } = this.#page;
    this.#server = new ServerRing({
      attachment: {
        memory,
        port: serverPort,
        steps: this.#stepsOf('server'),
        rebind: () => serverPort,
        detach: () => undefined,
      },
      features: XsRingFeature.RECONNECTION | XsRingFeature.ERROR,
      accept: () => this.#accept(),
      log: () => undefined,
      error: XsRingError.NONE,
    });
    // Near an end of 16 or of 32 bits, so that indices cross it.
    const start = this.#pick([0, 0xffff_fe00, 0x0001_fe00, 0x7fff_ff00]);
    for (const name of INDEX_WORDS) setWord(memory, name, start);
    this.#dial = dialRing({ memory, port: guestPort, steps: this.#stepsOf('guest') });
    this.#call();
  }

  get connections(): number {
    return this.#connections;
  }

  /** Lives `acts` random acts, then lets everything come to rest and looks at what arrived. */
  async live(acts: number): Promise<void> {
    for (let act = 0; act < acts; act++) await this.#turn(() => this.#act());
    await this.#comeToRest();
    this.#dial.close();
    this.#server.detach();
  }

  /** The server begins a connection: its bytes are like those of no other. */
  #accept(): Talker {
    assert.ok(this.#connections === 0 || this.#serverTalker.isOver, 'the last connection was not ended');
    const key = 2 * this.#connections++;
    this.#serverTalker = new Talker(new Sequence(key), new Sequence(key + 1));
    return this.#serverTalker;
  }

  #stepsOf(side: 'guest' | 'server'): RingSteps {
    return {
      before: (step) =>
        new Promise((resolve) => {
          this.#due.push(() => {
            resolve(this.#verdict(step));
            if (side === 'guest' && step.kind === 'state') queueMicrotask(() => this.#scribble());
          });
        }),
    };
  }

  #verdict({ kind }: RingStep): StepVerdict {
    if (this.#isEnding) return 'do';
    const dice = this.#random.below(10);
    if (kind === 'notify' && this.faults.bells && dice < 4) return dice < 2 ? 'skip' : 'twice';
    if (kind === 'index' && this.faults.tornIndices && dice < 3) return 'torn';
    return 'do';
  }

  /** Right after the guest has asked for a reconnect: nothing in the page means anything now. */
  #scribble(): void {
    const { memory } = this.#page;
    assert.equal(wordOf(memory, 'connection'), 1);
    if (this.#random.below(2) === 0) return;
    memory.copyIn(0, randomBytes(this.#random, 2 * XS_RING_BYTES));
    for (const name of INDEX_WORDS) setWord(memory, name, this.#random.below(2 ** 32));
  }

  /** One thing happens, and all that needs nothing further. */
  async #turn(act: () => void): Promise<void> {
    act();
    for (let wait = 0; wait < 8; wait++) await Promise.resolve();
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.#guestTalker?.isOver) return;
    this.#guestTalker = undefined;
    this.#call();
  }

  #act(): void {
    const dice = this.#random.below(100);
    if (dice < 66) return this.#nextDue();
    if (dice < 78) return this.#write(this.#guestTalker);
    if (dice < 90) return this.#write(this.#serverTalker);
    if (dice < 95) return this.#pauseOrResume();
    if (dice < 97) return this.#kickIfLost();
    if (this.faults.reconnects && this.#guestTalker && this.#random.below(3) === 0) this.#reconnect();
  }

  /** What one end does is in order; which of the ends comes next is drawn. */
  #nextDue(): void {
    if (this.#due.length > 0) this.#due.splice(this.#random.below(this.#due.length), 1)[0]!();
  }

  #write(talker: Talker | undefined): void {
    if (!talker?.stream || talker.isOver || talker.stream.queuedBytes > MAX_QUEUED_BYTES) return;
    const length = this.#pick([1, 2, 15, 16, 17, 512, 1023, 1024, 1025, 1 + this.#random.below(3000)]);
    talker.stream.write(talker.says.take(length));
  }

  #pauseOrResume(): void {
    if (!this.faults.slowReaders) return;
    const talker = this.#random.below(2) === 0 ? this.#guestTalker : this.#serverTalker;
    if (!talker?.stream || talker.isOver) return;
    talker.isPaused = !talker.isPaused;
    if (talker.isPaused) talker.stream.pause();
    else talker.stream.resume();
  }

  /** Whoever waits for a lost doorbell waits until something else wakes it up. */
  #kickIfLost(): void {
    if (!this.faults.bells && !this.faults.tornIndices) return;
    this.#page.guestPort.notify();
    this.#page.serverPort.notify();
  }

  #reconnect(): void {
    if (this.#isReconnecting) return;
    this.#isReconnecting = true;
    this.#dial.requestReconnect().then(
      () => {
        this.#isReconnecting = false;
        if (!this.#guestTalker) this.#call();
      },
      (error: unknown) => (this.#failure = error),
    );
  }

  /** The guest dials; when it is answered, the server has opened the connection that belongs to it. */
  #call(): void {
    let talker: Talker | undefined;
    this.#dial({
      onData: (bytes) => talker!.onData(bytes),
      onDrain: () => talker!.onDrain(),
      onClose: () => talker!.onClose(),
    }).then(
      (stream) => {
        talker = new Talker(this.#serverTalker.hears, this.#serverTalker.says);
        talker.open(stream);
        this.#guestTalker = talker;
      },
      (error: unknown) => this.#onRefused(error),
    );
  }

  #onRefused(error: unknown): void {
    const code = error instanceof XenscopeError ? error.code : undefined;
    // Two calls may meet when a reconnect ends; one of them is enough.
    if (code === 'busy') return;
    if (code === 'away' && this.faults.tornIndices) return this.#reconnect();
    this.#failure = error;
  }

  async #comeToRest(): Promise<void> {
    this.#isEnding = true;
    const resume = ({ isOver, stream }: Talker) => {
      if (!isOver) stream!.resume();
    };
    for (let round = 0; round < 6; round++) {
      await this.#turn(() => {
        if (this.#guestTalker) resume(this.#guestTalker);
        resume(this.#serverTalker);
        this.#kickIfLost();
      });
      for (let turns = 0; this.#due.length > 0; turns++) {
        assert.ok(turns < MAX_TURNS, 'the ring comes to no rest');
        await this.#turn(() => this.#nextDue());
      }
    }
    assert.ok(this.#guestTalker && !this.#isReconnecting, 'a reconnect came to no end');
    const { says, hears } = this.#guestTalker;
    assert.equal(says.read, says.written, 'all that the guest wrote arrived');
    assert.equal(hears.read, hears.written, 'all that the server wrote arrived');
    assert.equal(wordOf(this.#page.memory, 'error'), XsRingError.NONE);
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#random.below(from.length)]!;
  }
}

/**
 * Two ends of a ring and a scheduler that draws everything from a seed: which step of which end comes
 * next, when a doorbell arrives, how large a chunk somebody writes, when a reader stops to read, when
 * the guest asks for a reconnect, and what goes wrong on the way.
 */
import assert from 'node:assert/strict';
import type { Random } from '../../server/host/clock';
import { XenscopeError } from '../../server/host/errors';
import type { RingStep, RingSteps, StepVerdict } from '../../server/host/steps';
import { dialRing, type RingDial } from '../../server/store/client/ringDial';
import { ServerRing } from '../../server/store/ring/serverRing';
import { XS_RING_BYTES, XsRingError, XsRingFeature } from '../../server/wire/xsRing';
import { INDEX_WORDS, ringPage, setWord, wordOf, type RingPage } from '../support/ringPage';
import { CheckedMemory } from './checkedMemory';
import { Sequence, Talker } from './ringTalk';
import { pick, randomBytes, seededRandom } from './seed';

export const faultNames = [
  'lostNotify',
  'duplicatedNotify',
  'delayedDelivery',
  'tornIndex',
  'slowReader',
  'crashInPacket',
  'corruptIndex',
  'ignoredBackpressure',
  /** No fault of the ring: the guest asks for a new connection, and scribbles over the page while it waits. */
  'reconnect',
] as const;

export type FaultName = (typeof faultNames)[number];

const MAX_QUEUED_BYTES = 8192;
/** Far more than the acts of a life can set off. */
const MAX_TURNS = 200_000;

/** So many things happen at most before a doorbell that is late arrives. */
const MAX_LATE_ACTS = 40;
/** A reconnect under way, the wait for it, and what is written meanwhile need a few. */
const MAX_ROUNDS_TO_REST = 12;

export class RingLife {
  readonly struck = new Map<FaultName, number>();
  readonly #random: Random;
  readonly #page: RingPage;
  readonly #guestMemory: CheckedMemory;
  readonly #server: ServerRing;
  /** What may happen next: steps of both ends, and doorbells on their way. */
  readonly #due: (() => void)[] = [];
  readonly #late: { actsLeft: number; readonly deliver: () => void }[] = [];
  #dial: RingDial;
  #serverTalker!: Talker;
  /** Undefined while the guest dials. */
  #guestTalker: Talker | undefined;
  #connections = 0;
  #isReconnecting = false;
  #isEnding = false;
  #failure: unknown;
  /** Kept for the end of the turn: what is thrown from within an end of the ring belongs to nobody. */
  readonly #fail = (problem: unknown) => {
    this.#failure ??= problem instanceof Error ? problem : new Error(String(problem));
  };

  constructor(
    seed: number,
    private readonly faults: readonly FaultName[],
  ) {
    this.#random = seededRandom(seed);
    this.#page = ringPage((deliver) => this.#carry(deliver));
    const { memory, serverPort } = this.#page;
    this.#guestMemory = new CheckedMemory(memory, 'guest', this.#fail);
    this.#server = new ServerRing({
      attachment: {
        memory: new CheckedMemory(memory, 'server', this.#fail),
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
    const start = pick(this.#random, [0, 0xffff_fe00, 0x0001_fe00, 0x7fff_ff00]);
    for (const name of INDEX_WORDS) setWord(memory, name, start);
    this.#dial = this.#boot();
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
    if (this.#connections > 0 && !this.#serverTalker.isOver) this.#fail('the last connection was not ended');
    const key = 2 * this.#connections++;
    const [says, hears] = [new Sequence(key, this.#fail), new Sequence(key + 1, this.#fail)];
    this.#serverTalker = new Talker(says, hears, this.#fail);
    return this.#serverTalker;
  }

  /** A kernel takes the guest's end. */
  #boot(): RingDial {
    const { guestPort } = this.#page;
    return dialRing({ memory: this.#guestMemory, port: guestPort, steps: this.#stepsOf('guest') });
  }

  /** One end does one step at a time; the one that waits is dropped when the end stops. */
  #stepsOf(side: 'guest' | 'server'): RingSteps {
    let waiting: (() => void) | undefined;
    return {
      before: (step) =>
        new Promise((resolve) => {
          const go = () => {
            const verdict = side === 'guest' ? this.#guestVerdict(step) : this.#verdict(step);
            if (verdict === undefined) return;
            resolve(verdict);
            if (side === 'guest' && step.kind === 'state') queueMicrotask(() => this.#scribble());
          };
          waiting = go;
          this.#due.push(go);
        }),
      drop: () => {
        const place = waiting ? this.#due.indexOf(waiting) : -1;
        if (place >= 0) this.#due.splice(place, 1);
      },
    };
  }

  #strikes(fault: FaultName, outOf: number): boolean {
    if (this.#isEnding || !this.faults.includes(fault) || this.#random.below(outOf) !== 0) return false;
    this.struck.set(fault, (this.struck.get(fault) ?? 0) + 1);
    return true;
  }

  #verdict({ kind }: RingStep): StepVerdict {
    if (kind === 'notify' && this.#strikes('lostNotify', 5)) return 'skip';
    if (kind === 'notify' && this.#strikes('duplicatedNotify', 5)) return 'twice';
    if (kind === 'index' && this.#strikes('tornIndex', 4)) return 'torn';
    return 'do';
  }

  /** Undefined for a guest that is dead. */
  #guestVerdict(step: RingStep): StepVerdict | undefined {
    const { kind, text } = step;
    if (kind === 'copy' && text.includes(' into req') && this.#strikes('ignoredBackpressure', 12)) {
      this.#guestMemory.mayOverrun = true;
      // Who reads just now may read what was written over it.
      this.#serverTalker.hears.isSpoilt = true;
      return 'overrun';
    }
    if (kind === 'index' && text.startsWith('req_prod')) {
      if (this.#strikes('corruptIndex', 12)) {
        const cons = wordOf(this.#page.memory, 'req_cons');
        const distance = XS_RING_BYTES + 1 + this.#random.below(2 ** 31);
        setWord(this.#page.memory, 'req_prod', (cons + distance) >>> 0);
        return 'skip';
      }
      if (this.#strikes('crashInPacket', 12)) {
        this.#crash(text);
        return undefined;
      }
    }
    return this.#verdict(step);
  }

  /** Dies when a part of the bytes that it copied is in the ring; the next kernel finds the page like this. */
  #crash(text: string): void {
    const [from, to] = /(0x\w+) → (0x\w+)/.exec(text)!.slice(1).map(Number);
    const whole = (to! - from!) >>> 0;
    if (whole <= XS_RING_BYTES) {
      setWord(this.#page.memory, 'req_prod', (from! + this.#random.below(whole)) >>> 0);
    }
    this.#dial.close();
    this.#guestTalker = undefined;
    this.#isReconnecting = false;
    this.#guestMemory.mayOverrun = false;
    this.#dial = this.#boot();
    this.#reconnect();
  }

  /** Right after the guest has asked for a reconnect: nothing in the page means anything now. */
  #scribble(): void {
    const { memory } = this.#page;
    this.#guestMemory.mayOverrun = false;
    if (wordOf(memory, 'connection') !== 1 || !this.#strikes('reconnect', 2)) return;
    memory.copyIn(0, randomBytes(this.#random, 2 * XS_RING_BYTES));
    for (const name of INDEX_WORDS) setWord(memory, name, this.#random.below(2 ** 32));
  }

  #carry(deliver: () => void): void {
    if (!this.#strikes('delayedDelivery', 3)) this.#due.push(deliver);
    else this.#late.push({ actsLeft: 1 + this.#random.below(MAX_LATE_ACTS), deliver });
  }

  /** One thing happens, and all that needs nothing further. */
  async #turn(act: () => void): Promise<void> {
    act();
    for (let wait = 0; wait < 8; wait++) await Promise.resolve();
    if (this.#failure !== undefined) throw this.#failure;
    for (let place = this.#late.length - 1; place >= 0; place--) {
      const late = this.#late[place]!;
      if (--late.actsLeft > 0 && !this.#isEnding) continue;
      this.#late.splice(place, 1);
      this.#due.push(late.deliver);
    }
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
    if (this.#guestTalker && this.#strikes('reconnect', 3)) this.#reconnect();
  }

  /** What one end does is in order; which of the ends comes next is drawn. */
  #nextDue(): void {
    if (this.#due.length > 0) this.#due.splice(this.#random.below(this.#due.length), 1)[0]!();
  }

  #write(talker: Talker | undefined): void {
    if (!talker?.stream || talker.isOver || talker.stream.queuedBytes > MAX_QUEUED_BYTES) return;
    const lengths = [1, 2, 15, 16, 17, 512, 1023, 1024, 1025, 1 + this.#random.below(3000)];
    talker.stream.write(talker.says.take(pick(this.#random, lengths)));
  }

  #pauseOrResume(): void {
    const talker = this.#random.below(2) === 0 ? this.#guestTalker : this.#serverTalker;
    if (!talker?.stream || talker.isOver) return;
    if (talker.isPaused) talker.goOn();
    else if (this.#strikes('slowReader', 1)) talker.stop();
  }

  /** Whoever waits for a lost doorbell waits until something else wakes it up. */
  #kickIfLost(): void {
    if (this.faults.length === 0) return;
    this.#page.guestPort.notify();
    this.#page.serverPort.notify();
  }

  #reconnect(): void {
    if (this.#isReconnecting) return;
    this.#isReconnecting = true;
    const dial = this.#dial;
    dial.requestReconnect().then(
      () => {
        this.#isReconnecting = false;
        if (!this.#guestTalker) this.#call();
      },
      // With the kernel that asked, its question is gone.
      (error: unknown) => {
        if (dial === this.#dial) this.#fail(error);
      },
    );
  }

  /** The guest dials; when it is answered, the server has opened the connection that belongs to it. */
  #call(): void {
    const dial = this.#dial;
    let talker: Talker | undefined;
    dial({
      onData: (bytes) => talker!.onData(bytes),
      onDrain: () => talker!.onDrain(),
      onClose: () => talker!.onClose(),
    }).then(
      (stream) => {
        talker = new Talker(this.#serverTalker.hears, this.#serverTalker.says, this.#fail);
        talker.open(stream);
        this.#guestTalker = talker;
      },
      (error: unknown) => {
        if (dial === this.#dial) this.#onRefused(error);
      },
    );
  }

  #onRefused(error: unknown): void {
    const code = error instanceof XenscopeError ? error.code : undefined;
    // Two calls may meet when a reconnect ends; one of them is enough.
    if (code === 'busy') return;
    if (code === 'away' && this.#mayBreak) return this.#reconnect();
    this.#fail(error);
  }

  /** Whether the indices may be seen as they cannot be. */
  get #mayBreak(): boolean {
    return (['tornIndex', 'corruptIndex', 'ignoredBackpressure'] as const).some((fault) =>
      this.faults.includes(fault),
    );
  }

  async #comeToRest(): Promise<void> {
    this.#isEnding = true;
    for (let round = 0; round < MAX_ROUNDS_TO_REST; round++) {
      await this.#turn(() => {
        this.#guestTalker?.goOn();
        this.#serverTalker.goOn();
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
}

/**
 * The two ends of a domain's console ring: the guest's kernel, which prints, and xenconsoled, which
 * reads. As plain as the real ones; each step is a thing that the scheduler lets happen.
 */
import type { EventPort } from '../../host/events';
import type { SharedMemory } from '../../host/memory';
import { CONSOLE_OUT_BYTES, CONSOLE_OUT_OFFSET, CONSOLE_PAGE } from '../../wire/consoleRing';
import { advanceIndex, occupancy, ringSpans } from '../../wire/ringIndex';
import type { Domain } from '../domain';
import type { What, WorldTime } from '../due';

const { out_cons, out_prod } = CONSOLE_PAGE.fields;

/** What a kernel keeps until its ring has room; what does not fit is not printed, as with a full log buffer. */
const maxQueuedBytes = 16 * 1024;

export interface ConsoleEndOptions {
  /** The page, as this end has it. */
  readonly memory: SharedMemory;
  readonly port: EventPort;
  readonly time: WorldTime;
  /** Whose console it is. */
  readonly domain: Domain;
}

/** A work names each step before it does it. */
type Work = Generator<string, void>;

/** One end: works through its steps one at a time, begun by the doorbell or by somebody at this end. */
abstract class ConsoleEnd {
  readonly #options: ConsoleEndOptions;
  readonly #side: 'guest' | 'xenconsoled';
  #isAtWork = false;
  #mustLookAgain = false;
  #isOver = false;

  constructor(options: ConsoleEndOptions, side: 'guest' | 'xenconsoled') {
    this.#options = options;
    this.#side = side;
    const { port } = options;
    port.onEvent = () => {
      port.unmask();
      this.look();
    };
    port.unmask();
  }

  /** A step that is under way is never done. */
  close(): void {
    this.#isOver = true;
    this.#options.port.onEvent = undefined;
  }

  protected get memory(): SharedMemory {
    return this.#options.memory;
  }

  /** Begins a work, or another one after the one that is under way. */
  protected look(): void {
    this.#mustLookAgain = true;
    if (this.#isAtWork || this.#isOver) return;
    this.#mustLookAgain = false;
    this.#isAtWork = true;
    this.#goOn(this.work());
  }

  protected abstract work(): Work;

  protected *moveIndex(offset: number, name: string, from: number, count: number): Work {
    const to = advanceIndex(from, count);
    yield `${name} 0x${from.toString(16)} → 0x${to.toString(16)}`;
    this.memory.store32(offset, to);
    yield `rings at the ${this.#side === 'guest' ? 'xenconsoled' : 'guest'}`;
    this.#options.port.notify();
  }

  #goOn(work: Work): void {
    if (this.#isOver || this.memory.dead !== undefined) return;
    const { done, value } = work.next();
    if (!done) return void this.#options.time.soon(() => this.#goOn(work), this.#what(value));
    this.#isAtWork = false;
    if (this.#mustLookAgain) this.look();
  }

  #what(step: string): What {
    const { name, domid, gate } = this.#options.domain;
    const isGuest = this.#side === 'guest';
    const who = isGuest ? `${name} (domain ${domid}), on its console` : 'xenconsoled';
    const where = isGuest ? '' : `, on the console of ${name} (domain ${domid})`;
    return { kind: 'ringStep', domid, text: `${who}${where}: ${step}.`, ...(isGuest ? { gate } : {}) };
  }
}

export class GuestConsole extends ConsoleEnd {
  #queue = Buffer.alloc(0);

  constructor(options: ConsoleEndOptions) {
    super(options, 'guest');
  }

  print(line: string): void {
    const bytes = Buffer.from(`${line}\r\n`, 'latin1');
    if (this.#queue.length + bytes.length > maxQueuedBytes) return;
    this.#queue = Buffer.concat([this.#queue, bytes]);
    this.look();
  }

  protected *work(): Work {
    while (this.#queue.length > 0) {
      const prod = this.memory.load32(out_prod.offsetBytes);
      const fill = occupancy(prod, this.memory.load32(out_cons.offsetBytes), CONSOLE_OUT_BYTES);
      if (fill.kind === 'insane' || fill.free === 0) return;
      const count = Math.min(fill.free, this.#queue.length);
      yield `${count} bytes into out, from 0x${prod.toString(16)}`;
      let done = 0;
      for (const { offset, length } of ringSpans(prod, count, CONSOLE_OUT_BYTES)) {
        this.memory.copyIn(CONSOLE_OUT_OFFSET + offset, this.#queue.subarray(done, done + length));
        done += length;
      }
      this.#queue = this.#queue.subarray(count);
      yield* this.moveIndex(out_prod.offsetBytes, 'out_prod', prod, count);
    }
  }
}

export class ConsoleReader extends ConsoleEnd {
  readonly #onText: (text: string) => void;

  constructor(options: ConsoleEndOptions, onText: (text: string) => void) {
    super(options, 'xenconsoled');
    this.#onText = onText;
    // The guest may have printed before anybody listened.
    this.look();
  }

  protected *work(): Work {
    for (;;) {
      const cons = this.memory.load32(out_cons.offsetBytes);
      const fill = occupancy(this.memory.load32(out_prod.offsetBytes), cons, CONSOLE_OUT_BYTES);
      // As the real one: what cannot be is not read.
      if (fill.kind === 'insane' || fill.used === 0) return;
      yield `${fill.used} bytes out of out, from 0x${cons.toString(16)}`;
      const bytes = Buffer.alloc(fill.used);
      let done = 0;
      for (const { offset, length } of ringSpans(cons, fill.used, CONSOLE_OUT_BYTES)) {
        this.memory.copyOut(CONSOLE_OUT_OFFSET + offset, bytes.subarray(done, done + length));
        done += length;
      }
      yield* this.moveIndex(out_cons.offsetBytes, 'out_cons', cons, fill.used);
      this.#onText(bytes.toString('latin1'));
    }
  }
}

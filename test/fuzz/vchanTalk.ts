/** What the programs at both ends of a vchan do in a life: write in pieces of any kind, read and check, leave. */
import assert from 'node:assert/strict';
import type { Random } from '../../server/host/clock';
import { XenscopeError } from '../../server/host/errors';
import type { EventPort } from '../../server/host/events';
import type { SharedMemory } from '../../server/host/memory';
import type { Spin } from '../../server/host/spin';
import type { RingStep, RingSteps, StepVerdict } from '../../server/host/steps';
import type { ProgramPorts } from '../../server/sim/machine/programPorts';
import { giveBack, mapPages, sharePages, type OpenPages } from '../../server/vchan/pages';
import { Vchan } from '../../server/vchan/vchan';
import { VchanEngine, type VchanFarewell } from '../../server/vchan/vchanEngine';
import type { VchanRole } from '../../server/vchan/ringMoves';
import { VchanMoves } from '../../server/vchan/vchanMoves';
import { VCHAN_PAGE } from '../../server/wire/vchanPage';
import type { VchanOrders } from '../../server/wire/vchanRings';
import type { VchanFault } from './vchanLife';

const { fields } = VCHAN_PAGE;
const leftOrVanished = /has left this vchan|has gone: domain \d has ended|has gone without a word/;

/** A domain is switched off, or another kernel takes the place of the one that ran in it. */
export type SuddenEnd = 'destroyed' | 'otherKernel';

/** In order, by being killed, or with its whole domain. */
export type Leaving = 'close' | 'die' | SuddenEnd;

export interface TalkerWorld {
  readonly random: Random;
  /** Whether a fault may break the indices. */
  readonly mayBreak: boolean;
  /** Whether a domain may have ended. */
  readonly mayVanish: boolean;
  readonly bells: Set<() => void>;
  /** The ends that are open. */
  readonly talkers: Set<VchanTalker>;
  bytesRead: number;
  /** How often an end that looked before it slept found what it waited for. */
  looksThatPaid: number;
  strikes(fault: VchanFault, chance: number): boolean;
  switchOff(role: VchanRole, how: SuddenEnd): void;
  soon(run: () => void): () => void;
  later(run: () => void): void;
}

interface Offer {
  readonly gref: number;
  readonly port: number;
}

interface ServerOptions {
  readonly clientDomid: number;
  readonly orders: VchanOrders;
  readonly isPersistent: boolean;
  readonly firstIndex: number;
}

export function openServer(
  world: TalkerWorld,
  program: ProgramPorts,
  { clientDomid, orders, isPersistent, firstIndex }: ServerOptions,
): VchanTalker {
  const port = program.events.bindUnbound(clientDomid);
  const pages = sharePages(program, { clientDomid, orders, port: port.port });
  for (const word of [0, 4, 8, 12]) pages.control.store32(word, firstIndex);
  return new VchanTalker(world, { program, pages, port, peerDomid: clientDomid, isPersistent });
}

export async function openClient(
  world: TalkerWorld,
  program: ProgramPorts,
  serverDomid: number,
  offer: Offer,
): Promise<VchanTalker> {
  const port = program.events.bindInterdomain(serverDomid, offer.port);
  const pages = mapPages(program, { serverDomid, gref: offer.gref, port: port.port });
  const talker = new VchanTalker(world, {
    program,
    pages,
    port,
    peerDomid: serverDomid,
    isPersistent: false,
  });
  await talker.arrived;
  return talker;
}

interface TalkerParts {
  readonly program: ProgramPorts;
  readonly pages: OpenPages;
  readonly port: EventPort;
  readonly peerDomid: number;
  readonly isPersistent: boolean;
}

export class VchanTalker {
  readonly arrived: Promise<void>;
  /** Settles when it neither reads nor writes any more. */
  readonly ended: Promise<unknown>;
  /** The other side, or a fault, broke the indices: nothing is asked of this life any more. */
  isBroken = false;
  /** It has written all that it wants to. */
  isDone = false;
  /** What its read waits for. */
  wantedBytes = 1;
  readonly #world: TalkerWorld;
  readonly #parts: TalkerParts;
  readonly #vchan: Vchan;
  readonly #role: VchanRole;
  /** Wakes this end for nothing. */
  readonly #bell: () => void;
  #readTo: number;
  #leftToWrite = 0;
  /** Between two acts of its own: what it would do next it may do while the other end looks. */
  readonly #paused = new Set<'reading' | 'writing'>();
  #hasReadAll = false;
  #isLeaving = false;
  #left: Promise<number> | undefined;

  constructor(world: TalkerWorld, parts: TalkerParts) {
    this.#world = world;
    this.#parts = parts;
    const { pages, port, program, peerDomid, isPersistent } = parts;
    const moves = new VchanMoves(pages, port);
    // Some are not held between their steps, as on a real host.
    const steps = world.random.below(5) === 0 ? undefined : this.#steps(pages.control);
    const engine = new VchanEngine({
      moves,
      port,
      stepped: steps && { moves, gate: steps },
      isPersistent,
      peerDomid,
      peers: program.peers,
      spin: world.random.below(2) === 0 ? undefined : this.#spin,
    });
    this.#role = pages.role;
    this.#vchan = new Vchan({
      moves,
      engine,
      peerDomid,
      gref: pages.gref,
      path: '',
      release: () => {
        giveBack(pages, port);
        program.close();
      },
      removeNodes: () => Promise.resolve(),
    });
    this.#readTo = wordOf(pages.control, `${this.#input}_cons`);
    this.#bell = () => port.onEvent?.();
    world.bells.add(this.#bell);
    world.talkers.add(this);
    this.arrived = pages.role === 'client' ? engine.arrive(moves.arriveSteps()) : Promise.resolve();
    this.ended = this.arrived.then(() => Promise.all([this.#readAll(), this.#writeAll()]));
    this.ended.catch(() => undefined);
  }

  get offer(): Offer {
    return { gref: this.#parts.pages.gref, port: this.#parts.port.port };
  }

  /** Published by the other side, and not read. */
  get unreadBytes(): number {
    const name = this.#input;
    return (this.#word(`${name}_prod`) - this.#word(`${name}_cons`)) >>> 0;
  }

  get text(): string {
    const words = (['left', 'right'] as const).map(
      (name) => `${name} ${this.#word(`${name}_prod`)}/${this.#word(`${name}_cons`)}`,
    );
    return `${this.#role}${this.isDone ? ', done' : ''}, wants ${this.wantedBytes}: ${words.join(', ')}`;
  }

  /** Leaves, or is ended, the first time; answers how far it had written. */
  leave(how: Leaving): Promise<number> {
    return (this.#left ??= this.#leave(how));
  }

  async #leave(how: Leaving): Promise<number> {
    const { program, pages, port } = this.#parts;
    this.#isLeaving = true;
    this.#world.bells.delete(this.#bell);
    this.#world.talkers.delete(this);
    if (how === 'close') {
      const closing = this.#vchan.close();
      // From here on nothing more is written.
      const written = wordOf(pages.control, `${this.#output}_prod`);
      await closing;
      await this.ended;
      return written;
    }
    this.#vchan.abandon('It was killed.');
    const written = wordOf(pages.control, `${this.#output}_prod`);
    if (how === 'die') {
      program.end(false);
      port.close();
    } else this.#world.switchOff(this.#role, how);
    await this.ended;
    return written;
  }

  /** The other side has gone, after it had written so far. */
  mustHaveReadAll(written: number, farewell: VchanFarewell): void {
    assert.equal(this.#vchan.farewell, farewell);
    assert.ok(this.#hasReadAll, `the ${this.#role} has not seen the end`);
    assert.equal(this.#readTo, written, `the ${this.#role} has read all that was written`);
  }

  get #input(): 'left' | 'right' {
    return this.#role === 'server' ? 'left' : 'right';
  }

  get #output(): 'left' | 'right' {
    return this.#role === 'server' ? 'right' : 'left';
  }

  #word(name: keyof typeof fields): number {
    return wordOf(this.#parts.pages.control, name);
  }

  async #writeAll(): Promise<void> {
    const { random } = this.#world;
    const ringBytes = this.#vchan.writeRingBytes;
    this.#leftToWrite = random.below(3 * ringBytes);
    try {
      while (this.#leftToWrite > 0) {
        await this.#pause('writing');
        const isPacket = random.below(2) === 0;
        const most = isPacket ? ringBytes / 2 : 2 * ringBytes;
        const from = this.#word(`${this.#output}_prod`);
        await this.#write(this.#nextBytes(most), isPacket);
        this.#leftToWrite -= (this.#word(`${this.#output}_prod`) - from) >>> 0;
      }
    } catch (error) {
      this.#mustBeFine(error);
    } finally {
      this.isDone = true;
    }
  }

  /** From one to so many, of those that it still wants to write. */
  #nextBytes(most: number): Buffer {
    const count = Math.min(this.#leftToWrite, 1 + this.#world.random.below(most));
    return bytesFrom(this.#output, this.#word(`${this.#output}_prod`), count);
  }

  async #write(bytes: Buffer, isPacket: boolean): Promise<void> {
    const vchan = this.#vchan;
    if (this.#world.random.below(4) === 0) {
      const did = isPacket ? vchan.trySend(bytes) : vchan.tryWrite(bytes) > 0;
      if (!did)
        await this.#patiently((options) =>
          vchan.writable({ ...options, bytes: isPacket ? bytes.length : 1 }),
        );
      return;
    }
    await this.#patiently((options) => (isPacket ? vchan.send(bytes, options) : vchan.write(bytes, options)));
  }

  async #readAll(): Promise<void> {
    const { random } = this.#world;
    try {
      for (;;) {
        if (this.#world.strikes('slowReader', 0.2))
          await new Promise<void>((resolve) => this.#world.later(resolve));
        await this.#pause('reading');
        const isPacket = random.below(3) === 0;
        const into = Buffer.alloc(1 + random.below(this.#vchan.readRingBytes / 2));
        const count = await this.#read(into, isPacket);
        if (count === undefined) break;
        this.#check(into.subarray(0, count));
      }
      this.#hasReadAll = true;
    } catch (error) {
      this.#mustBeFine(error);
    }
  }

  #check(bytes: Uint8Array): void {
    const expected = bytesFrom(this.#input, this.#readTo, bytes.length);
    assert.ok(expected.equals(bytes), `the bytes from ${this.#readTo} on`);
    this.#readTo = (this.#readTo + bytes.length) >>> 0;
    this.#world.bytesRead += bytes.length;
  }

  /** How many bytes; undefined at the end. */
  async #read(into: Buffer, isPacket: boolean): Promise<number | undefined> {
    const vchan = this.#vchan;
    this.wantedBytes = isPacket ? into.length : 1;
    if (this.#world.random.below(4) === 0) {
      const did = isPacket ? vchan.tryRecv(into) : vchan.tryRead(into);
      if (did === undefined) return this.#rest(into);
      if (did !== false && did !== 0) return did === true ? into.length : did;
      await this.#patiently((options) => vchan.readable({ ...options, bytes: this.wantedBytes }));
      return 0;
    }
    if (!isPacket) {
      const got = await this.#patiently((options) => vchan.read(into, options));
      return got === 0 ? undefined : (got ?? 0);
    }
    try {
      const did = await this.#patiently((options) => vchan.recv(into, options));
      return did === undefined ? 0 : did ? into.length : undefined;
    } catch (error) {
      if (!(error instanceof XenscopeError && /bytes unread/.test(error.message))) throw error;
      return this.#rest(into);
    }
  }

  /** What is left of a packet whose other half never comes. */
  async #rest(into: Buffer): Promise<number | undefined> {
    this.wantedBytes = 1;
    const count = await this.#vchan.read(into);
    return count === 0 ? undefined : count;
  }

  /** Waits for it, or changes its mind now and then: undefined. */
  async #patiently<T>(act: (options: { signal?: AbortSignal }) => Promise<T>): Promise<T | undefined> {
    if (this.#world.random.below(8) > 0) return act({});
    const why = new AbortController();
    const forget = this.#world.soon(() => why.abort());
    try {
      return await act({ signal: why.signal });
    } catch (error) {
      if (error instanceof XenscopeError && error.code === 'cancelled') return undefined;
      throw error;
    } finally {
      forget();
    }
  }

  /** Now and then it stands still for a moment, until that is drawn. */
  async #pause(what: 'reading' | 'writing'): Promise<void> {
    if (this.#world.random.below(2) > 0) return;
    this.#paused.add(what);
    await new Promise<void>((resolve) =>
      this.#world.later(() => {
        this.#paused.delete(what);
        resolve();
      }),
    );
  }

  /** As on a real host: nothing moves within this end while it looks, but the other one may between two looks. */
  readonly #spin: Spin = {
    until: (isSo) => {
      const { random, talkers } = this.#world;
      for (let looks = random.below(4); looks > 0; looks--) {
        for (const other of talkers) if (other !== this) other.#moveAtOnce();
        if (!isSo()) continue;
        this.#world.looksThatPaid++;
        return true;
      }
      return false;
    },
  };

  /** Does at once what it stands before, where it does. */
  #moveAtOnce(): void {
    if (this.#isLeaving || this.isBroken) return;
    const { random } = this.#world;
    try {
      if (this.#paused.has('reading')) {
        const into = Buffer.alloc(1 + random.below(this.#vchan.readRingBytes));
        this.#check(into.subarray(0, this.#vchan.tryRead(into) ?? 0));
      }
      if (this.#paused.has('writing') && this.#leftToWrite > 0)
        this.#leftToWrite -= this.#vchan.tryWrite(this.#nextBytes(this.#vchan.writeRingBytes));
    } catch (error) {
      this.#mustBeFine(error);
    }
  }

  /** That somebody left, or broke the indices, is part of a life; nothing else is. */
  #mustBeFine(error: unknown): void {
    if (!(error instanceof XenscopeError)) throw error;
    if (error.code === 'protocol' && this.#world.mayBreak) this.isBroken = true;
    else if (error.code !== 'gone') throw error;
    else if (!this.#isLeaving)
      assert.match(error.message, this.#world.mayVanish ? leftOrVanished : /has left this vchan/);
  }

  #steps(control: SharedMemory): RingSteps {
    const waiting = new Set<() => void>();
    return {
      before: (step) =>
        new Promise<StepVerdict>((resolve) => {
          const forget = this.#world.soon(() => {
            waiting.delete(forget);
            resolve(this.#verdict(step, control));
          });
          waiting.add(forget);
        }),
      drop: () => {
        for (const forget of waiting) forget();
      },
    };
  }

  #verdict({ kind, text }: RingStep, control: SharedMemory): StepVerdict {
    if (kind !== 'index') return 'do';
    const word = text.split(' ')[0] as keyof typeof fields;
    if (word.endsWith('_prod') && this.#world.strikes('corruptIndex', 0.06)) {
      const cons = wordOf(control, word.replace('prod', 'cons') as keyof typeof fields);
      const wild = cons + 2 ** 20 + 1 + this.#world.random.below(2 ** 31);
      control.store32(fields[word].offsetBytes, wild >>> 0);
      return 'skip';
    }
    return this.#world.strikes('tornIndex', 0.1) ? 'torn' : 'do';
  }
}

function wordOf(control: SharedMemory, name: keyof typeof fields): number {
  return control.load32(fields[name].offsetBytes);
}

/** The bytes of a direction from this place of its stream on. */
function bytesFrom(name: 'left' | 'right', from: number, count: number): Buffer {
  const salt = name === 'left' ? 0x5bd1e995 : 0x1b873593;
  const bytes = Buffer.allocUnsafe(count);
  for (let at = 0; at < count; at++) bytes[at] = Math.imul(((from + at) >>> 0) ^ salt, 0x9e3779b1) >>> 24;
  return bytes;
}

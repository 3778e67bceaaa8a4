/**
 * What one end of a vchan does with its pages, in the order of libxenvchan's io.c: look at the other
 * side's index, check it, copy, move the own index, and ring where that was asked for. Each move is there
 * twice over the same parts: in one piece, and in micro-steps between which somebody may come.
 *
 * The other side can write every word of the control page. So its indices are read once and checked
 * before use, and of our own indices the truth is kept here: the page only shows them.
 */
import { XenscopeError } from '../host/errors';
import type { EventPort } from '../host/events';
import type { SharedMemory } from '../host/memory';
import { SaidStep, hexIndex, moveIndex, ringDoorbell } from '../host/microSteps';
import type { RingWork } from '../host/microSteps';
import type { RingStep, RingStepKind } from '../host/steps';
import { advanceIndex, indexDistance } from '../wire/ringIndex';
import { VCHAN_PAGE } from '../wire/vchanPage';
import { VchanLive, VchanNotify } from '../wire/vchanRings';
import { liveOf, liveOffsets } from './liveBytes';
import type { SteppedMoves, VchanRole } from './ringMoves';

export interface VchanRing {
  readonly name: 'left' | 'right';
  /** Where its bytes lie: the control page, or pages of its own. */
  readonly memory: SharedMemory;
  readonly offset: number;
  /** A power of two. */
  readonly bytes: number;
}

export interface VchanPages {
  readonly role: VchanRole;
  readonly control: SharedMemory;
  readonly left: VchanRing;
  readonly right: VchanRing;
}

const { fields } = VCHAN_PAGE;
const wordsOf = {
  left: { prod: fields.left_prod.offsetBytes, cons: fields.left_cons.offsetBytes },
  right: { prod: fields.right_prod.offsetBytes, cons: fields.right_cons.offsetBytes },
};
const notifyOffsets: Record<VchanRole, number> = {
  server: fields.srv_notify.offsetBytes,
  client: fields.cli_notify.offsetBytes,
};
const shortOf = { server: 'srv', client: 'cli' } as const;

export class VchanMoves implements SteppedMoves {
  readonly role: VchanRole;
  readonly other: VchanRole;
  /** What we read, and what we write. */
  readonly input: VchanRing;
  readonly output: VchanRing;
  readonly #control: SharedMemory;
  readonly #consOffset: number;
  readonly #prodOffset: number;
  readonly #notifyOffset: number;
  readonly #port: EventPort;
  #cons: number;
  #prod: number;
  /** What was there when the other side's index was looked at last: only we make it less. */
  #knownReady = 0;
  #knownSpace = 0;
  /** Whether our own indices stood as we had left them, since that look. */
  #consStands = false;
  #prodStands = false;

  /** Goes on where the indices stand: a client of a persistent server finds them as the one before left them. */
  constructor({ role, control, left, right }: VchanPages, port: EventPort) {
    this.role = role;
    this.other = role === 'server' ? 'client' : 'server';
    this.input = role === 'server' ? left : right;
    this.output = role === 'server' ? right : left;
    this.#control = control;
    this.#port = port;
    this.#consOffset = wordsOf[this.input.name].cons;
    this.#prodOffset = wordsOf[this.output.name].prod;
    this.#notifyOffset = notifyOffsets[role];
    this.#cons = control.load32(this.#consOffset);
    this.#prod = control.load32(this.#prodOffset);
  }

  get readRingBytes(): number {
    return this.input.bytes;
  }

  get writeRingBytes(): number {
    return this.output.bytes;
  }

  ready(): number {
    const prod = this.#control.load32(wordsOf[this.input.name].prod);
    const used = indexDistance(prod, this.#cons);
    if (used > this.input.bytes) throw insane(this.input, prod, this.#cons);
    this.#consStands = false;
    return (this.#knownReady = used);
  }

  space(): number {
    const cons = this.#control.load32(wordsOf[this.output.name].cons);
    const used = indexDistance(this.#prod, cons);
    if (used > this.output.bytes) throw insane(this.output, this.#prod, cons);
    this.#prodStands = false;
    return (this.#knownSpace = this.output.bytes - used);
  }

  readyOf(bytes: number): number {
    return bytes <= this.#knownReady ? bytes : Math.min(this.ready(), bytes);
  }

  spaceFor(bytes: number): number {
    return bytes <= this.#knownSpace ? bytes : Math.min(this.space(), bytes);
  }

  peerLive(): number {
    return liveOf(this.#control, this.other);
  }

  endPeer(): void {
    this.#control.store8(liveOffsets[this.other], VchanLive.GONE);
  }

  take(into: Uint8Array): void {
    this.#copyOut(into);
    const cons = this.#nextCons(into.length);
    this.#control.store32(this.#consOffset, cons);
    this.#tookTo(cons, into.length);
    this.tell(VchanNotify.READ);
  }

  put(bytes: Uint8Array): void {
    const prod = this.#nextProd(bytes.length);
    this.#copyIn(bytes);
    this.#control.store32(this.#prodOffset, prod);
    this.#putTo(prod, bytes.length);
    this.tell(VchanNotify.WRITE);
  }

  ask(bit: number): void {
    this.#control.or8(notifyOffsets[this.other], bit);
  }

  /** Rings if the other side asked to be told of that. */
  tell(bit: number): void {
    if (this.#wasAsked(bit)) this.#port.notify();
  }

  *takeSteps(into: Uint8Array): RingWork<void> {
    const { name } = this.input;
    const from = this.#cons;
    yield this.#step('copy', () => `${into.length} bytes out of ${name}, from ${hexIndex(from)}`);
    this.#copyOut(into);
    const to = this.#nextCons(into.length);
    this.#tookTo(to, into.length);
    yield* this.#moveIndex(`${name}_cons`, wordsOf[name].cons, from, to);
    yield* this.#tellSteps(VchanNotify.READ);
  }

  *putSteps(bytes: Uint8Array): RingWork<void> {
    const { name } = this.output;
    const from = this.#prod;
    const to = this.#nextProd(bytes.length);
    const verdict = yield this.#step(
      'copy',
      () => `${bytes.length} bytes into ${name}, from ${hexIndex(from)}`,
    );
    this.#copyIn(bytes);
    if (verdict === 'overrun') return yield* this.#overrun(bytes, from);
    this.#putTo(to, bytes.length);
    yield* this.#moveIndex(`${name}_prod`, wordsOf[name].prod, from, to);
    yield* this.#tellSteps(VchanNotify.WRITE);
  }

  /** Writes on as one does that never looks for room: the same again, until it lies once round the ring. */
  *#overrun(bytes: Uint8Array, from: number): RingWork<void> {
    const { name, bytes: ringBytes } = this.output;
    const all = bytes.length * Math.ceil((ringBytes + 1) / bytes.length);
    const more = all - bytes.length;
    yield this.#step('copy', () => `${more} bytes more into ${name}, over bytes that were not read`);
    for (let done = bytes.length; done < all; done += bytes.length) {
      this.#prod = advanceIndex(from, done);
      this.#copyIn(bytes);
    }
    const to = advanceIndex(from, all);
    this.#prod = to;
    this.#knownSpace = 0;
    yield* this.#moveIndex(`${name}_prod`, wordsOf[name].prod, from, to);
    yield* this.#tellSteps(VchanNotify.WRITE);
  }

  *askSteps(bit: number): RingWork<void> {
    const did = bit === VchanNotify.WRITE ? 'written' : 'read';
    const word = `${shortOf[this.other]}_notify`;
    yield this.#step('state', () => `${word} asks for a ring when the ${this.other} has ${did}`);
    this.ask(bit);
  }

  /** Says that this end is here, and rings. */
  *arriveSteps(): RingWork<void> {
    yield* this.#liveSteps(VchanLive.HERE);
    // As libxenvchan has it: whatever is written first is worth a ring.
    yield this.#step('state', () => `${shortOf[this.other]}_notify ${VchanNotify.WRITE}`);
    this.#control.store8(notifyOffsets[this.other], VchanNotify.WRITE);
    yield* ringDoorbell(this.#port, this.role, this.other);
  }

  *leaveSteps(): RingWork<void> {
    yield* this.#liveSteps(VchanLive.GONE);
    yield* ringDoorbell(this.#port, this.role, this.other);
  }

  *#liveSteps(value: number): RingWork<void> {
    const live = liveOffsets[this.role];
    const before = this.#control.load8(live);
    yield this.#step('state', () => `${shortOf[this.role]}_live ${before} → ${value}`);
    this.#control.store8(live, value);
  }

  *#tellSteps(bit: number): RingWork<void> {
    yield this.#step(
      'state',
      () => `${shortOf[this.role]}_notify is looked at, and what was asked for is cleared`,
    );
    if (this.#wasAsked(bit)) yield* ringDoorbell(this.#port, this.role, this.other);
  }

  #wasAsked(bit: number): boolean {
    return (this.#control.and8(this.#notifyOffset, 0xff ^ bit) & bit) !== 0;
  }

  #nextCons(count: number): number {
    if (!this.#consStands) this.#mustStand(this.#consOffset, `${this.input.name}_cons`, this.#cons);
    this.#consStands = true;
    return advanceIndex(this.#cons, count);
  }

  #nextProd(count: number): number {
    if (!this.#prodStands) this.#mustStand(this.#prodOffset, `${this.output.name}_prod`, this.#prod);
    this.#prodStands = true;
    return advanceIndex(this.#prod, count);
  }

  #tookTo(cons: number, count: number): void {
    this.#cons = cons;
    this.#knownReady -= count;
  }

  #putTo(prod: number, count: number): void {
    this.#prod = prod;
    this.#knownSpace -= count;
  }

  /** Nobody but us may write it: who does would have the other side read what was never written. */
  #mustStand(offset: number, name: string, ours: number): void {
    const found = this.#control.load32(offset);
    if (found === ours) return;
    throw new XenscopeError(
      'protocol',
      `${name} is ${hexIndex(found)}, and this end had left it at ${hexIndex(ours)}: somebody else wrote it.`,
      { wayOut: 'Close this vchan and open it anew; whoever is at the other end has a fault.' },
    );
  }

  /** In one piece, or in two where the bytes lie across the end of the ring. */
  #copyOut(into: Uint8Array): void {
    const { memory, offset, bytes } = this.input;
    const at = this.#cons & (bytes - 1);
    const first = bytes - at;
    if (into.length <= first) return memory.copyOut(offset + at, into);
    memory.copyOut(offset + at, into.subarray(0, first));
    memory.copyOut(offset, into.subarray(first));
  }

  #copyIn(from: Uint8Array): void {
    const { memory, offset, bytes } = this.output;
    const at = this.#prod & (bytes - 1);
    const first = bytes - at;
    if (from.length <= first) return memory.copyIn(offset + at, from);
    memory.copyIn(offset + at, from.subarray(0, first));
    memory.copyIn(offset, from.subarray(first));
  }

  #moveIndex(name: string, offset: number, from: number, to: number): RingWork<void> {
    return moveIndex(this.#control, this.role, { name, offset, from, to });
  }

  #step(kind: RingStepKind, say: () => string): RingStep {
    return new SaidStep(kind, this.role, say);
  }
}

function insane({ name, bytes }: VchanRing, prod: number, cons: number): XenscopeError {
  return new XenscopeError(
    'protocol',
    `${name}_prod is ${hexIndex(prod)} and ${name}_cons ${hexIndex(cons)}: ` +
      `${indexDistance(prod, cons)} bytes apart in a ring of ${bytes}. libxenvchan would call this idle, for ever.`,
    { wayOut: 'Close this vchan and open it anew; whoever is at the other end has a fault.' },
  );
}

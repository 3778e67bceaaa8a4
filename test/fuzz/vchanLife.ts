/**
 * Two ends of a vchan and a scheduler that draws everything from a seed: which step of which end comes
 * next, when a doorbell arrives, what both read and write in which pieces, which end looks for a moment
 * before it sleeps and what it sees then, who leaves when and how, and what goes wrong on the way. Every byte tells its place in the stream, so that each one that is read is
 * checked, whoever reads it.
 */
import assert from 'node:assert/strict';
import type { Random } from '../../server/host/clock';
import type { Delivery } from '../../server/sim/machine/delivery';
import type { Machine } from '../../server/sim/machine/machine';
import type { VchanRole } from '../../server/vchan/ringMoves';
import type { VchanFarewell } from '../../server/vchan/vchanEngine';
import { vchanOrdersProblem, type VchanOrders } from '../../server/wire/vchanRings';
import { newMachine } from '../support/machineHost';
import { pick, seededRandom } from './seed';
import type { VchanTalker } from './vchanTalk';
import { openClient, openServer, type Leaving, type SuddenEnd, type TalkerWorld } from './vchanTalk';

export const vchanFaults = [
  'lostNotify',
  'duplicatedNotify',
  'delayedDelivery',
  'slowReader',
  'tornIndex',
  'corruptIndex',
  /** No fault of the ring: somebody leaves, or is killed, while bytes are on their way. */
  'leaving',
  /** Nor is this: a domain is switched off, or another kernel takes its place, and nobody is told. */
  'suddenEnd',
] as const;

export type VchanFault = (typeof vchanFaults)[number];

const SERVER = 1;
const CLIENT = 2;
/** Far more than the bytes of a life can set off. */
const MAX_TURNS = 100_000;
const MAX_LATE_TURNS = 40;
/** Each lost ring may put both to sleep once more. */
const MAX_HEALS = 400;

export class VchanLife implements TalkerWorld {
  readonly random: Random;
  readonly struck = new Map<VchanFault, number>();
  readonly #machine: Machine;
  readonly #orders: VchanOrders;
  readonly #isPersistent: boolean;
  readonly #firstIndex: number;
  /** What may happen next: steps of both ends, and doorbells on their way. */
  readonly #due = new Set<() => void>();
  readonly #late: { turnsLeft: number; readonly run: () => void }[] = [];
  #isHealing = false;
  #isClientDestroyed = false;
  #lostRings = 0;
  #turns = 0;
  bytesRead = 0;
  looksThatPaid = 0;

  constructor(
    seed: number,
    private readonly faults: readonly VchanFault[],
  ) {
    const random = (this.random = seededRandom(seed));
    this.#isPersistent = random.below(3) === 0;
    // Near an end of 16 or of 32 bits, so that indices cross it.
    this.#firstIndex = pick(random, [0, 0xffff_fc00, 0x0000_fc00, 0x7fff_fe00]);
    do this.#orders = { left: 10 + random.below(4), right: 10 + random.below(4) };
    while (vchanOrdersProblem(this.#orders) !== undefined);
    this.#machine = newMachine({ schedule: (deliver, delivery) => this.#carry(deliver, delivery) });
    for (const domid of [SERVER, CLIENT]) this.#machine.createDomain(domid);
  }

  /** Lives until nobody has anything left to say, with as many clients as a persistent server gets. */
  async live(): Promise<void> {
    const { random } = this;
    const program = this.#machine.portsOf(SERVER);
    const server = openServer(this, program, {
      clientDomid: CLIENT,
      orders: this.#orders,
      isPersistent: this.#isPersistent,
      firstIndex: this.#firstIndex,
    });
    const clients = this.#isPersistent ? 1 + random.below(3) : 1;
    for (let number = 0; number < clients && !server.isBroken; number++) {
      const client = await this.#until(openClient(this, this.#machine.portsOf(CLIENT), SERVER, server.offer));
      await this.#talk(server, client, number === clients - 1);
      if (this.#isClientDestroyed) break;
    }
    await this.#until(server.leave('close'));
    this.#machine.close();
    assert.equal(this.#machine.pagesInUse, 0, 'no page is left');
  }

  get mayBreak(): boolean {
    return this.struck.has('tornIndex') || this.struck.has('corruptIndex');
  }

  get mayVanish(): boolean {
    return this.struck.has('suddenEnd');
  }

  switchOff(role: VchanRole, how: SuddenEnd): void {
    const domid = role === 'server' ? SERVER : CLIENT;
    if (how === 'otherKernel') return void this.#machine.kexec(domid);
    this.#machine.destroyDomain(domid, { sudden: true });
    this.#isClientDestroyed ||= role === 'client';
  }

  /** Whether the fault strikes now. */
  strikes(fault: VchanFault, chance: number): boolean {
    if (this.#isHealing || !this.faults.includes(fault) || this.random.next() >= chance) return false;
    this.struck.set(fault, (this.struck.get(fault) ?? 0) + 1);
    return true;
  }

  /** Runs it when it is drawn; answers how to take it back. */
  soon(run: () => void): () => void {
    const due = () => {
      this.#due.delete(due);
      run();
    };
    this.#due.add(due);
    return () => this.#due.delete(due);
  }

  /** The same, but not before some other things have happened. */
  later(run: () => void): void {
    this.#late.push({ turnsLeft: this.random.below(MAX_LATE_TURNS), run });
  }

  /** Lets both say what they have to say, and one of them leave; the other then reads what was left. */
  async #talk(server: VchanTalker, client: VchanTalker, isLast: boolean): Promise<void> {
    const { random } = this;
    const isSudden = this.strikes('suddenEnd', 0.5);
    const leavesAfter = isSudden || this.strikes('leaving', 0.7) ? random.below(400) : Infinity;
    const isServerFirst = !this.#isPersistent && random.below(2) === 0;
    const [first, last] = isServerFirst ? [server, client] : [client, server];
    await this.#rest(leavesAfter, () => mayRest(server, client));
    if (!server.isBroken && !client.isBroken && leavesAfter === Infinity) {
      assert.ok(mayRest(server, client), `nothing moves, and this waits: ${server.text}; ${client.text}`);
    }
    const how = this.#howItGoes(isSudden, leavesAfter < Infinity);
    const left = await this.#until(first.leave(how));
    if (last === server && this.#isPersistent && how !== 'destroyed') {
      await this.#rest(Infinity, () => server.unreadBytes < server.wantedBytes);
      if (isLast) return;
    } else {
      await this.#until(last.ended);
      if (!last.isBroken && !first.isBroken) last.mustHaveReadAll(left, farewells[how]);
      await this.#until(last.leave('close'));
    }
  }

  #howItGoes(isSudden: boolean, isEarly: boolean): Leaving {
    const isOne = this.random.below(2) === 0;
    if (isSudden) return isOne ? 'destroyed' : 'otherKernel';
    return isEarly && isOne ? 'die' : 'close';
  }

  /** Lets things happen until `promise` settles. */
  async #until<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settled = () => void (isSettled = true);
    promise.then(settled, settled);
    await this.#rest(Infinity, () => isSettled);
    assert.ok(isSettled, `nothing moves any more, and somebody waits: ${this.#lostRings} rings were lost`);
    return promise;
  }

  /** Lets things happen until nothing is left that could, so many have, or it is so. */
  async #rest(turns: number, isSo: () => boolean): Promise<void> {
    let heals = 0;
    for (let turn = 0; turn < turns; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (isSo()) return;
      if (this.#turn()) continue;
      // Rings that were lost may have put both to sleep: another one must wake them, and nothing else.
      if (this.#lostRings === 0 || heals++ > MAX_HEALS) return;
      this.#heal();
    }
  }

  /** Lets one thing happen; answers whether there was one. */
  #turn(): boolean {
    assert.ok(++this.#turns < MAX_TURNS, 'this life has no end');
    for (const late of [...this.#late]) {
      if (--late.turnsLeft > 0 && this.#due.size > 0) continue;
      this.#late.splice(this.#late.indexOf(late), 1);
      this.soon(late.run);
    }
    if (this.#due.size === 0) return false;
    const place = this.random.below(this.#due.size);
    let at = 0;
    for (const run of this.#due) {
      if (at++ === place) {
        run();
        break;
      }
    }
    return true;
  }

  /** Rings at everybody, as somebody would who does not know better. */
  #heal(): void {
    this.#isHealing = true;
    for (const ring of this.bells) ring();
    this.#isHealing = false;
  }

  /** One for each end that is open. */
  readonly bells = new Set<() => void>();
  readonly talkers = new Set<VchanTalker>();

  #carry(deliver: () => void, { kind }: Delivery): 'sent' | 'lost' {
    if (kind === 'ring') {
      if (this.strikes('lostNotify', 0.2)) {
        this.#lostRings++;
        return 'lost';
      }
      if (this.strikes('delayedDelivery', 0.3)) {
        this.later(deliver);
        return 'sent';
      }
      if (this.strikes('duplicatedNotify', 0.3)) this.soon(deliver);
    }
    this.soon(deliver);
    return 'sent';
  }
}

/** What the other side makes of it. */
const farewells: Readonly<Record<Leaving, VchanFarewell>> = {
  close: 'left',
  die: 'left',
  otherKernel: 'vanished',
  destroyed: 'domainEnded',
};

/** Both have said all, and have heard all but for a packet that is not whole. */
function mayRest(one: VchanTalker, other: VchanTalker): boolean {
  const isAtRest = (end: VchanTalker) => end.isDone && end.unreadBytes < end.wantedBytes;
  return one.isBroken || other.isBroken || (isAtRest(one) && isAtRest(other));
}

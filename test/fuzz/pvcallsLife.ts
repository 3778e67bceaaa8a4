/**
 * A frontend and a backend of PV Calls, a network, and a scheduler that draws everything from a seed: which
 * step of which ring comes next, when a doorbell arrives, what programs do over both, who leaves and how.
 */
import assert from 'node:assert/strict';
import type { Random } from '../../server/host/clock';
import { XenscopeError } from '../../server/host/errors';
import type { RingStep, RingSteps, StepVerdict } from '../../server/host/steps';
import type { PvCallsBackend } from '../../server/pvcalls/backend/backend';
import { Intercept } from '../../server/pvcalls/intercept/intercept';
import type { PvCallsFrontend } from '../../server/pvcalls/frontend/frontend';
import type { PvCallsSocket } from '../../server/pvcalls/frontend/socket';
import type { Delivery } from '../../server/sim/machine/delivery';
import { SimNetwork } from '../../server/sim/network/simNetwork';
import { GENERIC_RING } from '../../server/wire/genericRing';
import { pvcallsEditions } from '../../server/wire/pvcalls/dataPage';
import { BACK, FRONT, PvCallsRig } from '../pvcalls/rig';
import type { CommandPage } from '../pvcalls/rig';
import { OTHER_BYTES, drawTalks, openServices } from './pvcallsTalk';
import type { TalkWorld } from './pvcallsTalk';
import { pick, seededRandom } from './seed';

export const pvcallsFaults = [
  'lostNotify',
  'duplicatedNotify',
  'delayedDelivery',
  'slowReader',
  /** Reads nothing until all else rests. */
  'suspendedReader',
  /** An index word of a data ring becomes one that cannot be. */
  'insaneIndex',
  /** Somebody holds calls, and lets them pass later and in another order. */
  'held',
  /** No faults of the rings: somebody gives up a socket, or the whole device, in the middle. */
  'leaving',
  'disconnect',
  'crash',
] as const;
export type PvCallsFault = (typeof pvcallsFaults)[number];

const MAX_TURNS = 200_000;
const MAX_LATE_TURNS = 40;
/** Each lost ring may put all to sleep once more. */
const MAX_HEALS = 4000;
/** Streams of the network pass their bytes on between turns. */
const MAX_IDLE_TURNS = 50;
/** Within these an index word is broken, where one is. */
const MAX_TURNS_BEFORE_BROKEN = 300;
/** As long as there is no socket to break. */
const MAX_TRIES = 20;
const { in_prod, in_cons, out_prod, out_cons } = pvcallsEditions.final.indexes.fields;
const { req_prod, rsp_prod } = GENERIC_RING.fields;

export class PvCallsLife implements TalkWorld {
  readonly random: Random;
  readonly network = new SimNetwork();
  readonly struck = new Map<PvCallsFault, number>();
  bytesHeard = 0;
  calls = 0;
  downloads = 0;
  frontend!: PvCallsFrontend;
  #backend!: PvCallsBackend;
  #page!: CommandPage;
  readonly #rig: PvCallsRig;
  readonly #intercept: Intercept;
  readonly #due = new Set<() => void>();
  readonly #late: { turnsLeft: number; readonly run: () => void }[] = [];
  readonly #looks = new Set<{ readonly isSo: () => boolean; readonly resolve: () => void }>();
  readonly #broken = new Set<PvCallsSocket>();
  #failedTalks = 0;
  #isHealing = false;
  isOver = false;
  /** The drivers have given back whatever was left. */
  #isSwept = false;
  #lostRings = 0;
  #turns = 0;

  constructor(
    seed: number,
    private readonly faults: readonly PvCallsFault[],
  ) {
    this.random = seededRandom(seed);
    this.#rig = new PvCallsRig({
      network: this.network,
      schedule: (deliver, delivery) => this.#carry(deliver, delivery),
      steps: () => this.#steps(),
      gate: () =>
        this.#intercept.gateOf({ path: 'backend/pvcalls/3/0', domid: FRONT, clock: this.#rig.clock }),
    });
    this.#intercept = this.#openIntercept();
  }

  async live(): Promise<void> {
    const rig = this.#rig;
    this.#page = rig.shareCommands();
    this.frontend = rig.openFrontend(this.#page);
    this.#backend = rig.openBackend(this.#page);
    const heldBefore = rig.held;
    const services = await openServices(this);
    const ending = this.#drawEnding();
    const mayFail = ending !== undefined || this.faults.includes('insaneIndex');
    const talks = drawTalks(this.random, services).map((talk) => this.#outcome(talk(this), mayFail));
    if (this.faults.includes('insaneIndex') && this.random.below(4) > 0) this.#breakLater(MAX_TRIES);
    const isCut = await this.#rest(ending?.turn ?? Infinity, Promise.all(talks));
    if (isCut && ending) {
      this.struck.set(ending.kind, 1);
      ending.end();
      await this.#rest(Infinity, Promise.all(talks));
    } else {
      // Releases that nobody waits for are under way.
      await this.#rest(
        Infinity,
        this.until(() => this.frontend.inFlight === 0),
      );
      const { memory } = this.#page;
      assert.equal(memory.load32(rsp_prod.offsetBytes), memory.load32(req_prod.offsetBytes), 'once each');
      this.calls = memory.load32(req_prod.offsetBytes);
      assert.equal(this.#backend.sockets.size, 0, 'every socket is released');
      assert.equal((rig.held - heldBefore) % 6, 0, 'what is held is kept for sockets to come, by both sides');
      assert.ok(this.#failedTalks <= this.#broken.size, 'only those fail whose ring was broken');
    }
    services.close();
    for (const kind of ['unaskedResponse', 'wrongResponse', 'badRing'] as const) {
      const most = kind === 'badRing' ? this.#broken.size : 0;
      assert.ok(rig.frontFindings.count(kind) + rig.backFindings.count(kind) <= most, rig.log.join('\n'));
    }
    if (!this.#isSwept) {
      this.isOver = true;
      this.frontend.close();
      const { resources } = rig.front;
      // A share of indices, one of bytes, and a port are kept of each.
      await this.#rest(
        Infinity,
        this.until(() => resources.held === 2 + 3 * this.frontend.kept),
      );
    }
    this.#end();
    await this.#rest(
      Infinity,
      this.until(() => this.network.openStreams === 0 && this.network.listeners === 0),
    );
    assert.equal(rig.machine.pagesInUse, rig.pagesBefore, 'no page is left');
    assert.deepEqual(rig.usage, rig.usageBefore, 'no grant, port or mapping is left');
    rig.close();
  }

  /** Whether the fault strikes now. */
  strikes(fault: PvCallsFault, chance: number): boolean {
    if (this.#isHealing || !this.faults.includes(fault) || this.random.next() >= chance) return false;
    this.struck.set(fault, (this.struck.get(fault) ?? 0) + 1);
    return true;
  }

  leaves(): boolean {
    return this.strikes('leaving', 0.4);
  }

  suspends(): boolean {
    return this.strikes('suspendedReader', 0.1);
  }

  isBroken(socket: PvCallsSocket): boolean {
    return this.#broken.has(socket);
  }

  heard(bytes: number): void {
    this.bytesHeard += bytes;
  }

  downloaded(): void {
    this.downloads++;
  }

  after(turns: number): Promise<void> {
    return new Promise((resolve) => this.#late.push({ turnsLeft: turns, run: resolve }));
  }

  until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => this.#looks.add({ isSo, resolve }));
  }

  #openIntercept(): Intercept {
    const intercept = new Intercept({ domid: BACK, clock: this.#rig.clock });
    if (!this.faults.includes('held')) return intercept;
    intercept.set({ isOn: true, holdsOthers: true, rules: [] });
    let seen = 0;
    intercept.onChange(() => {
      for (const { number } of intercept.state().held) {
        if (number <= seen) continue;
        seen = number;
        const run = () => {
          // Its socket was released, or its device has ended.
          if (!intercept.state().held.some((call) => call.number === number)) return;
          intercept.decide(number, { kind: 'pass' });
        };
        if (this.strikes('held', 0.4)) this.#late.push({ turnsLeft: this.random.below(MAX_LATE_TURNS), run });
        else this.#due.add(run);
      }
    });
    return intercept;
  }

  /** Rejects with what is no everyday failure of a program whose device may end. */
  async #outcome(talk: Promise<void>, mayFail: boolean): Promise<void> {
    try {
      await talk;
    } catch (error) {
      // Streams that were cut off in the middle tell it in their own words, and hear less than was said.
      const isCut = this.isOver || (mayFail && (error instanceof XenscopeError || this.#broken.size > 0));
      if (!isCut || saysOtherBytes(error)) throw error;
      this.#failedTalks++;
    }
  }

  /** Has somebody write an index word of a connected socket, and ring, as who does so would not. */
  #breakLater(triesLeft: number): void {
    const run = () => {
      const { sockets } = this.frontend;
      if (this.isOver || triesLeft === 0) return;
      if (sockets.length === 0) return this.#breakLater(triesLeft - 1);
      const socket = pick(this.random, sockets);
      const gref = socket.rings.place.ref;
      const page = this.#rig.machine.lent().find(({ grants }) => grants.some((grant) => grant.gref === gref))!
        .frames.memory;
      const { offsetBytes } = pick(this.random, [in_prod, in_cons, out_prod, out_cons]);
      page.store32(offsetBytes, (page.load32(offsetBytes) + 2 ** 30 + this.random.below(2 ** 31)) >>> 0);
      this.#broken.add(socket);
      this.struck.set('insaneIndex', this.#broken.size);
      this.#due.add(() => socket.look());
      this.#due.add(() => this.#backend.sockets.connected().forEach((active) => active.look()));
    };
    this.#late.push({ turnsLeft: this.random.below(MAX_TURNS_BEFORE_BROKEN), run });
  }

  #drawEnding(): { kind: PvCallsFault; turn: number; end: () => void } | undefined {
    const kinds = (['disconnect', 'crash'] as const).filter((kind) => this.faults.includes(kind));
    if (kinds.length === 0 || this.random.below(4) === 0) return undefined;
    const kind = pick(this.random, kinds);
    const isFront = this.random.below(2) === 0;
    const end = () => {
      this.isOver = true;
      const side = isFront ? this.#rig.front : this.#rig.back;
      if (kind === 'crash') side.crash();
      // The one that goes, then the other, whose driver sees it.
      if (isFront) this.frontend.close();
      else this.#backend.close();
      this.#end();
    };
    return { kind, turn: this.random.below(300), end };
  }

  /** As the drivers of both ends have it when the device goes. */
  #end(): void {
    this.isOver = true;
    this.frontend.close();
    this.#backend.close();
    const { front, back } = this.#rig;
    if (!this.#isSwept)
      assert.equal(back.resources.held, 2, 'the command ring and its port, before the sweep');
    this.#isSwept = true;
    front.resources.release();
    back.resources.release();
  }

  /** Lets things happen until the promise settles, or so many have happened: then it answers true. */
  async #rest(turns: number, promise: Promise<unknown>): Promise<boolean> {
    let isSettled = false;
    const settled = () => void (isSettled = true);
    promise.then(settled, settled);
    let idle = 0;
    let heals = 0;
    for (let turn = 0; turn < turns; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      for (const look of this.#looks) if (look.isSo() && this.#looks.delete(look)) look.resolve();
      if (isSettled) {
        await promise;
        return false;
      }
      assert.ok(++this.#turns < MAX_TURNS, `this life has no end: ${this.#where()}`);
      if (this.#turn()) idle = 0;
      else if (++idle > MAX_IDLE_TURNS) {
        // Rings that were lost may have put all to sleep: another one must wake them, and nothing else.
        assert.ok(this.#lostRings > 0 && heals++ < MAX_HEALS, `nothing moves: ${this.#where()}`);
        this.#heal();
        idle = 0;
      }
    }
    return true;
  }

  #where(): string {
    const { openStreams, listeners } = this.network;
    const sockets = this.#backend.sockets.size;
    return `${this.frontend.inFlight} calls in flight, ${sockets} sockets, ${openStreams} streams, ${listeners} listeners`;
  }

  /** Lets one thing happen; answers whether there was one. */
  #turn(): boolean {
    for (const late of [...this.#late]) {
      if (--late.turnsLeft > 0 && this.#due.size > 0) continue;
      this.#late.splice(this.#late.indexOf(late), 1);
      this.#due.add(late.run);
    }
    if (this.#due.size === 0) return false;
    const place = this.random.below(this.#due.size);
    let at = 0;
    for (const run of this.#due) {
      if (at++ !== place) continue;
      this.#due.delete(run);
      run();
      break;
    }
    return true;
  }

  #steps(): RingSteps {
    let waiting: (() => void) | undefined;
    return {
      before: (step: RingStep) =>
        new Promise<StepVerdict>((resolve) => {
          const run = () => resolve('do');
          waiting = run;
          const isSlow =
            step.kind === 'copy' && step.text.includes(' out of ') && this.strikes('slowReader', 0.1);
          if (isSlow) this.#late.push({ turnsLeft: this.random.below(MAX_LATE_TURNS), run });
          else this.#due.add(run);
        }),
      drop: () => {
        if (waiting) this.#due.delete(waiting);
      },
    };
  }

  /** Rings at everybody, as somebody would who does not know better. */
  #heal(): void {
    this.#isHealing = true;
    this.frontend.look(this.#page.port);
    for (const socket of this.frontend.sockets) socket.look();
    this.#backend.look();
    for (const active of this.#backend.sockets.connected()) active.look();
    this.#isHealing = false;
  }

  #carry(deliver: () => void, { kind }: Delivery): 'sent' | 'lost' {
    // Two rings of one port are two things, though they do the same.
    const one = () => deliver();
    if (kind === 'ring') {
      if (this.strikes('lostNotify', 0.1)) {
        this.#lostRings++;
        return 'lost';
      }
      if (this.strikes('delayedDelivery', 0.2)) {
        this.#late.push({ turnsLeft: this.random.below(MAX_LATE_TURNS), run: one });
        return 'sent';
      }
      if (this.strikes('duplicatedNotify', 0.2)) this.#due.add(() => deliver());
    }
    this.#due.add(one);
    return 'sent';
  }
}

/** What no fault may bring about. */
function saysOtherBytes(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith(OTHER_BYTES);
}

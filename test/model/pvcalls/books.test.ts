/** What is made of the slots of a command ring: calls, sockets, and how much of it was not seen. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CommandTap } from '../../../server/capture/commandTap';
import { diagnosePvCalls } from '../../../server/doctor/pvcalls/pvcallsDoctor';
import { maxRememberedCalls } from '../../../server/model/pvcalls/callBook';
import { type DeviceSurroundings, PvCallsDevice } from '../../../server/model/pvcalls/pvcallsDevice';
import { maxKeptRings, maxNamelessSockets, maxSeenSockets } from '../../../server/model/pvcalls/socketBook';
import { formatPvCallsAddress } from '../../../server/wire/pvcalls/address';
import type { PvCallsCall } from '../../../server/wire/pvcalls/slots';
import { CommandRing } from '../../support/commandRing';

const addressed = (host: string, port: number) => ({
  address: formatPvCallsAddress({ host, port }),
  addressLengthBytes: 16,
});
const socket = (id: bigint): PvCallsCall => ({ cmd: 'socket', id, domain: 2, type: 1, protocol: 0 });
const connect = (id: bigint, ref: number, flags = 0): PvCallsCall => ({
  cmd: 'connect',
  id,
  ...addressed('10.0.0.1', 80),
  flags,
  ref,
  evtchn: 12,
});
const bind = (id: bigint): PvCallsCall => ({ cmd: 'bind', id, ...addressed('0.0.0.0', 8080) });
const listen = (id: bigint): PvCallsCall => ({ cmd: 'listen', id, backlog: 5 });
const accept = (id: bigint, newId: bigint, ref: number): PvCallsCall => ({
  cmd: 'accept',
  id,
  newId,
  ref,
  evtchn: 13,
});
const release = (id: bigint, reuse = false): PvCallsCall => ({ cmd: 'release', id, reuse });

/** Where no page is looked at but the command ring. */
const alone: DeviceSurroundings = {
  judge: diagnosePvCalls,
  nameDomain: (domid) => `domain ${domid}`,
  reports: [],
  lookIntervalMs: 10,
  seen: () => undefined,
  whyUnseen: () => 'nobody looks',
};

/** A device whose both ends are in the hands of the test. */
class Rig {
  readonly ring = new CommandRing();
  readonly tap: CommandTap;
  readonly device: PvCallsDevice;
  nowMs = 1_000_000;
  #reqId = 0;

  constructor(isLookedAt = true) {
    const page = this.ring.observed;
    this.tap = new CommandTap(page);
    this.device = new PvCallsDevice(page, this.tap);
    if (isLookedAt) this.look();
  }

  get time() {
    return { nowMs: this.nowMs, activeMs: this.nowMs };
  }

  look(): void {
    this.nowMs += 10;
    this.device.take(this.tap.look(this.nowMs), this.time);
  }

  /** Published, and looked at. */
  ask(call: PvCallsCall): number {
    const reqId = this.#reqId++;
    this.ring.request(reqId, call);
    this.look();
    return reqId;
  }

  answer(reqId: number, call: PvCallsCall, ret = 0): void {
    this.ring.respond(reqId, call.cmd, ret, call.id);
    this.look();
  }

  /** Asked and answered, with a look after each. */
  done(call: PvCallsCall, ret = 0): void {
    this.answer(this.ask(call), call, ret);
  }

  /** Asked and answered between two looks. */
  quick(call: PvCallsCall, ret = 0): void {
    const reqId = this.#reqId++;
    this.ring.request(reqId, call);
    this.ring.respond(reqId, call.cmd, ret, call.id);
  }

  /** `5 connected` of each socket. */
  get sockets(): string[] {
    return [...this.device.sockets.all].map(({ id, state }) => `${id} ${state}`);
  }

  get rings(): string[] {
    return [...this.device.rings()].map(({ name, grefs, port }) => `${name}: ${grefs.join()} ${port}`);
  }

  get calls(): string[] {
    return this.device.callsSince(0).map(({ cmd, known, answered, lost }) => {
      const end = answered ? (answered.error?.name ?? String(answered.ret)) : lost ? 'lost' : '?';
      return `${cmd} ${known} ${end}`;
    });
  }
}

describe('sockets by the calls that were seen', () => {
  it('are opened, connected and released', () => {
    const rig = new Rig();
    rig.done(socket(5n));
    assert.deepEqual(rig.sockets, ['5 created']);
    const call = connect(5n, 77);
    const reqId = rig.ask(call);
    assert.deepEqual([rig.sockets, rig.rings], [['5 connecting'], []]);
    rig.answer(reqId, call);
    assert.deepEqual([rig.sockets, rig.rings], [['5 connected'], ['socket 5: 77 12']]);
    const [seen] = rig.device.sockets.all;
    assert.deepEqual([seen!.remote, seen!.place], ['10.0.0.1:80', { ref: 77, evtchn: 12 }]);
    const goodbye = rig.ask(release(5n));
    assert.deepEqual([rig.sockets, rig.rings], [['5 releasing'], ['socket 5: 77 12']]);
    rig.answer(goodbye, release(5n));
    assert.deepEqual([rig.sockets, rig.rings, rig.device.sockets.kept], [[], [], []]);
    assert.deepEqual(rig.calls, ['SOCKET seen 0', 'CONNECT seen 0', 'RELEASE seen 0']);
  });

  it('listen, and accept others', () => {
    const rig = new Rig();
    for (const call of [socket(1n), bind(1n), listen(1n)]) rig.done(call);
    const waiting = rig.ask(accept(1n, 2n, 90));
    rig.ask({ cmd: 'poll', id: 1n });
    assert.deepEqual(rig.sockets, ['1 listening']);
    const [listener] = rig.device.sockets.all;
    assert.deepEqual(
      [...listener!.pending].map(({ title }) => title),
      ['ACCEPT', 'POLL'],
    );
    rig.answer(waiting, accept(1n, 2n, 90));
    assert.deepEqual([rig.sockets, rig.rings], [['1 listening', '2 connected'], ['socket 2: 90 13']]);
    const accepted = [...rig.device.sockets.all][1]!;
    assert.ok(accepted.listener === listener && accepted.local === '0.0.0.0:8080');
  });

  it('are none where the answer is neither 0 nor an error', () => {
    const rig = new Rig();
    rig.done(socket(5n));
    rig.done(connect(5n, 77), 1);
    assert.deepEqual([rig.sockets, rig.rings, rig.calls.at(-1)], [['5 failed'], [], 'CONNECT seen 1']);
    assert.deepEqual(rig.device.callsSince(0).at(-1)!.answered!.error, { ret: 1 });
  });

  it('have the backend that the device has now', () => {
    const rig = new Rig();
    rig.device.detach(rig.time);
    const { device, ...page } = rig.ring.observed;
    const other = { ...page, device: { ...device!, backendDomid: 9 } };
    rig.device.attach(other as never, rig.tap);
    rig.done(socket(5n));
    rig.done(connect(5n, 77));
    rig.device.look(alone, rig.time);
    const { path, domid } = rig.device.row.backend;
    assert.deepEqual([domid, path.split('/')[3]], [9, '9']);
    assert.deepEqual(
      [...rig.device.rings()].map(({ backendDomid }) => backendDomid),
      [9],
    );
  });

  it('that failed stay to be seen, with the error, until they are released', () => {
    const rig = new Rig();
    rig.done(socket(5n));
    rig.done(connect(5n, 77), -111);
    const [failed] = rig.device.sockets.all;
    assert.deepEqual([rig.sockets, rig.rings], [['5 failed'], []]);
    assert.equal(failed!.failure!.error.name, 'ECONNREFUSED');
    rig.done(release(5n), -16);
    assert.deepEqual(rig.sockets, ['5 failed'], 'a RELEASE that is refused changes nothing');
    rig.done(release(5n));
    assert.deepEqual(rig.sockets, []);
  });

  it('take over the pages that were kept for them', () => {
    const rig = new Rig();
    rig.done(connect(5n, 77));
    rig.done(release(5n, true));
    const kept = () => rig.device.sockets.kept.map(({ ref, id }) => `${ref} of ${id}`);
    assert.deepEqual([rig.rings, kept()], [[], ['77 of 5']]);
    rig.done(connect(6n, 77));
    assert.deepEqual([rig.rings, kept()], [['socket 6: 77 12'], []]);
  });

  it('have a number again while the release of the one before is under way', () => {
    const rig = new Rig();
    rig.done(connect(5n, 77));
    const goodbye = rig.ask(release(5n));
    rig.done(socket(5n));
    rig.done(connect(5n, 78));
    assert.deepEqual(rig.sockets, ['5 releasing', '5 connected']);
    assert.deepEqual(rig.rings, ['socket 5: 78 12'], 'a name is one ring');
    rig.answer(goodbye, release(5n));
    assert.deepEqual(rig.sockets, ['5 connected']);
  });

  it('change nothing by an answer to something else, and none was asked for', () => {
    const rig = new Rig();
    const reqId = rig.ask(connect(5n, 77));
    rig.ring.respond(reqId, 'bind', 0, 5n);
    rig.look();
    assert.deepEqual([rig.sockets, rig.rings], [['5 connecting'], []]);
    rig.ask({ cmd: 'poll', id: 5n });
    rig.ring.respond(999, 'release', 0, 5n);
    rig.look();
    assert.equal(rig.device.calls.unasked, 1);
    assert.ok(rig.device.callsSince(0).some(({ answered }) => answered?.isUnasked));
  });
});

describe('sockets by what is left of calls that were not seen', () => {
  it('are known by the response, and by the grants behind it', () => {
    const rig = new Rig();
    rig.quick(socket(5n));
    rig.quick(connect(5n, 77));
    rig.look();
    assert.deepEqual([rig.sockets, rig.rings], [['5 connected'], ['socket 5: 77 12']]);
    const [seen] = rig.device.sockets.all;
    assert.deepEqual([seen!.known, seen!.remote], ['answer', undefined]);
    assert.deepEqual(rig.calls, ['SOCKET answer 0', 'CONNECT answer 0']);
    const { unseenRequests, answersOnly, unasked } = rig.device.calls;
    assert.deepEqual([unseenRequests, answersOnly, unasked], [2, 2, 0]);
  });

  it('are known without a number where they were accepted, and meant by a RELEASE that fits nobody else', () => {
    const rig = new Rig();
    rig.quick(accept(1n, 2n, 90));
    rig.look();
    assert.deepEqual([rig.sockets, rig.rings], [['1 listening', 'undefined connected'], ['grant 90: 90 13']]);
    rig.done(release(2n));
    assert.deepEqual([rig.sockets, rig.rings], [['1 listening'], []]);
    rig.quick(accept(1n, 3n, 91));
    rig.look();
    // Neither call was seen but by its response.
    rig.quick(release(3n));
    rig.look();
    assert.deepEqual([rig.sockets, rig.rings], [['1 listening'], []]);
  });

  it('are found in old slots at the first look', () => {
    const rig = new Rig(false);
    rig.quick(connect(5n, 77));
    rig.quick(connect(6n, 78), -111);
    rig.quick(connect(7n, 79));
    rig.quick(release(7n));
    rig.look();
    assert.deepEqual([rig.sockets, rig.rings], [['5 connected', '6 failed'], ['socket 5: 77 12']]);
    assert.ok(
      rig.device.callsSince(0).every(({ known, sentMs }) => known === 'oldSlot' && sentMs === undefined),
    );
    assert.deepEqual(rig.device.calls.unseenRequests, 0);
  });

  it('are told from what stands before its request, where an ACCEPT waits all the while', () => {
    const rig = new Rig(false);
    rig.ring.request(0, accept(1n, 2n, 90));
    rig.ring.request(1, connect(5n, 77));
    // It lies where the ACCEPT was, and the request still stands behind it.
    rig.ring.respond(1, 'connect', 0, 5n);
    rig.look();
    assert.deepEqual([rig.sockets, rig.rings], [['5 connected'], ['socket 5: 77 12']]);
    assert.equal([...rig.device.sockets.all][0]!.remote, '10.0.0.1:80');
    const later = new Rig();
    later.ask(accept(1n, 2n, 90));
    later.quick(connect(5n, 77));
    later.look();
    assert.deepEqual(later.calls, ['CONNECT seen 0']);
    assert.equal(later.device.calls.pending[0]!.title, 'ACCEPT');
  });

  it('have their rings where the number of the request says, as Linux numbers them by slots', () => {
    // As Linux passes on that the file was opened for reading and writing.
    const call = connect(5n, 77, 2);
    const begin = (rig: Rig) => {
      rig.ring.request(0, { cmd: 'poll', id: 1n });
      rig.look();
      // The responses lie one slot before the requests.
      for (const [reqId, made] of [
        [1, call],
        [2, socket(6n)],
        [3, connect(6n, 78)],
        [4, socket(7n)],
      ] as const) {
        rig.ring.request(reqId, made);
        rig.ring.respond(reqId, made.cmd, 0, made.id);
      }
    };
    const rig = new Rig();
    begin(rig);
    rig.look();
    const old = new Rig();
    begin(old);
    const late = new PvCallsDevice(old.ring.observed, new CommandTap(old.ring.observed));
    const tap = new CommandTap(old.ring.observed);
    late.take(tap.look(old.nowMs), old.time);
    for (const device of [rig.device, late]) {
      const rings = [...device.rings()].map(({ name, grefs }) => `${name}: ${grefs.join()}`);
      assert.deepEqual(rings, ['socket 5: 77', 'socket 6: 78']);
    }
  });

  it('have no rings of others where a frontend numbers its requests otherwise', () => {
    const rig = new Rig();
    for (const [reqId, made] of [
      [1, connect(5n, 77)],
      [1, connect(6n, 78)],
      [0, connect(7n, 79)],
    ] as const) {
      rig.ring.request(reqId, made);
      rig.ring.respond(reqId, 'connect', 0, made.id);
    }
    rig.look();
    assert.deepEqual(rig.rings, ['socket 5: 77 12', 'socket 6: 78 12', 'socket 7: 79 12']);
  });

  it('listen where somebody waits for a connection, whatever was seen of them before', () => {
    const rig = new Rig(false);
    rig.ring.request(0, accept(1n, 2n, 90));
    rig.look();
    assert.deepEqual(rig.sockets, ['1 listening']);
    const later = new Rig();
    const reqId = later.ask(accept(1n, 2n, 90));
    assert.deepEqual(later.sockets, ['1 unknown'], 'it may be refused');
    later.answer(reqId, accept(1n, 2n, 90));
    assert.deepEqual(later.sockets, ['1 listening', '2 connected']);
  });

  it('give way to whoever has their number or their grant next: the release was not seen', () => {
    const rig = new Rig();
    rig.done(connect(5n, 77));
    rig.done(socket(5n));
    assert.deepEqual([rig.sockets, rig.rings], [['5 created'], []]);
    rig.done(connect(5n, 77));
    rig.done(connect(6n, 77));
    assert.deepEqual([rig.sockets, rig.rings], [['6 connected'], ['socket 6: 77 12']]);
  });

  it('go on when the responses of some were overwritten before anybody looked', () => {
    const rig = new Rig();
    const parked = accept(1n, 2n, 90);
    rig.ask(parked);
    rig.ask(bind(3n));
    // One response of many that nobody sees: the ring goes round once.
    rig.ring.respond(1, 'bind', 0, 3n);
    for (let call = 0; call < 40; call++) rig.quick({ cmd: 'poll', id: 9n });
    rig.look();
    assert.equal(rig.device.calls.pendingCount, 1);
    assert.equal(rig.device.calls.pending[0]!.title, 'ACCEPT', 'what may wait is taken to wait');
    assert.ok(rig.sockets.includes('3 bound'), 'what was answered unseen mostly went well');
    assert.ok(rig.calls.includes('BIND seen lost'));
    assert.ok(rig.device.calls.unseenResponses > 0);
  });

  it('begin anew with the indices, and when the device is gone', () => {
    const rig = new Rig();
    rig.done(connect(5n, 77));
    rig.ask({ cmd: 'poll', id: 5n });
    rig.ring.page.setWord('req_prod', 0);
    rig.ring.page.setWord('rsp_prod', 0);
    rig.look();
    assert.deepEqual([rig.sockets, rig.device.calls.resets, rig.device.calls.pendingCount], [[], 1, 0]);
    rig.done(connect(5n, 77));
    rig.device.detach(rig.time);
    assert.deepEqual(rig.sockets, []);
  });

  it('read nothing by indices that cannot be', () => {
    const rig = new Rig();
    rig.done(connect(5n, 77));
    rig.ring.page.setWord('req_prod', 500);
    rig.look();
    assert.deepEqual(rig.sockets, ['5 connected']);
  });
});

describe('what is remembered of calls and sockets', () => {
  it('is bounded, and says what it left out', () => {
    const rig = new Rig();
    for (let id = 0; id < maxSeenSockets + 5; id++) rig.done(socket(BigInt(id)));
    assert.equal(rig.device.sockets.all.size, maxSeenSockets);
    assert.equal(rig.device.sockets.leftOut, 5);
    rig.device.look(alone, rig.time);
    const { callsLeftOut, socketsLeftOut } = rig.device.state(rig.time);
    assert.ok(callsLeftOut > 0 && rig.device.callsSince(0).length <= 2 * maxRememberedCalls);
    assert.equal(socketsLeftOut, 5);
    for (let at = 0; at < maxKeptRings + 3; at++) {
      rig.done(connect(BigInt(at), 100 + at));
      rig.done(release(BigInt(at), true));
    }
    assert.equal(rig.device.sockets.kept.length, maxKeptRings);
  }).timeout(20_000);

  it('keeps nothing of what is gone, also where two sockets accept each other', () => {
    const rig = new Rig();
    for (const id of [1n, 2n]) rig.done(socket(id));
    for (let turn = 0; turn < 50; turn++) {
      rig.done(accept(1n, 2n, 2 * turn));
      rig.done(accept(2n, 1n, 2 * turn + 1));
    }
    const lengths = [...rig.device.sockets.all].map((last) => {
      let length = 0;
      for (let each: typeof last | undefined = last; each; each = each.listener) length++;
      return length;
    });
    assert.ok(Math.max(...lengths) <= 3, `chains of ${lengths.join()} sockets`);
  });

  it('holds no more sockets without a number than the limit', () => {
    const rig = new Rig();
    for (let at = 0; at < 3 * maxNamelessSockets; at++) {
      rig.quick(accept(1n, BigInt(at + 2), 1_000 + at));
      rig.look();
    }
    assert.equal(rig.device.sockets.all.size, maxNamelessSockets + 1);
  });

  it('survives whatever both ends put into the ring', () => {
    const word = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
    const step = fc.record({
      who: fc.constantFrom('request', 'response', 'index', 'scribble'),
      words: fc.array(word, { minLength: 16, maxLength: 16 }),
      isLookedAt: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const rig = new Rig();
        for (const { who, words, isLookedAt } of steps) {
          const bytes = Buffer.alloc(64);
          words.forEach((value, at) => bytes.writeUInt32LE(value, 4 * at));
          if (who === 'request') rig.ring.requestBytes(bytes);
          if (who === 'response') {
            rig.ring.respond(words[0]!, words[1]!, words[2]! | 0, BigInt(words[3]!));
          }
          if (who === 'index') rig.ring.page.setWord('rsp_prod', rig.ring.page.word('req_prod') - words[0]!);
          if (who === 'scribble') rig.ring.slot(words[0]! % 32).set(bytes);
          if (isLookedAt) rig.look();
        }
        rig.look();
        const { device } = rig;
        assert.ok(device.calls.pendingCount <= 32);
        assert.ok(device.sockets.all.size <= maxSeenSockets);
        const names = [...device.rings()].map(({ name }) => name);
        assert.equal(new Set(names).size, names.length, 'no two rings have one name');
        device.look(alone, rig.time);
        const told = JSON.stringify([device.state(rig.time), device.told, device.callsSince(0)]);
        assert.doesNotMatch(told, /undefined|NaN|\[object/);
      }),
      { numRuns: 150 },
    );
  }).timeout(20_000);
});

/** What is made of the slots of a command ring where calls came and went between two looks. */
import assert from 'node:assert/strict';
import { CommandTap } from '../../../server/capture/commandTap';
import { PvCallsDevice } from '../../../server/model/pvcalls/pvcallsDevice';
import type { PvCallsCall } from '../../../server/wire/pvcalls/slots';
import { accept, alone, bind, connect, release, Rig, socket } from './bookRig';

/** How many wait by the indices, the commands that are known to wait, and how many others do. */
function inFlightOf(rig: Rig, device: PvCallsDevice): [number, string[], number] {
  device.look(alone, rig.time);
  const { row, inFlight, unseen } = device.state(rig.time);
  return [row.inFlight, inFlight.map(({ cmd }) => cmd), unseen.inFlight];
}

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

  it('go with a RELEASE that was seen while the calls before it were not', () => {
    const rig = new Rig();
    rig.ask({ cmd: 'poll', id: 1n });
    const turn = (...calls: PvCallsCall[]) => {
      for (const call of calls) rig.quick(call);
      rig.look();
    };
    // The responses lie one slot before the requests: of these the RELEASE still stands.
    turn(socket(5n), connect(5n, 77), release(5n));
    assert.deepEqual([rig.sockets, rig.rings], [['1 unknown'], []]);
    assert.ok(rig.calls.includes('RELEASE seen 0'));
    turn(socket(5n), connect(5n, 77));
    assert.deepEqual([rig.sockets, rig.rings], [['1 unknown', '5 connected'], ['socket 5: 77 12']]);
    turn(release(5n), socket(5n), connect(5n, 77), release(5n));
    assert.deepEqual([rig.sockets, rig.rings], [['1 unknown'], []]);
  });

  it('are counted as waiting where a response to another one lies over them', () => {
    const rig = new Rig();
    const inFlight = (device: PvCallsDevice) => inFlightOf(rig, device);
    rig.ask({ cmd: 'poll', id: 1n });
    rig.done(socket(5n));
    assert.deepEqual(inFlight(rig.device), [1, ['POLL'], 0]);
    const tap = new CommandTap(rig.ring.observed);
    const late = new PvCallsDevice(rig.ring.observed, tap);
    late.take(tap.look(rig.nowMs), rig.time);
    assert.deepEqual(inFlight(late), [1, [], 1]);
    // As Linux does with a POLL whose listener it has released.
    rig.ring.request(0, socket(6n));
    rig.ring.respond(0, 'socket', 0, 6n);
    rig.look();
    assert.deepEqual(inFlight(rig.device), [1, ['POLL'], 0]);
    assert.ok(rig.calls.includes('SOCKET seen 0'));
  });

  it('have a number that is given out again while nobody reads one that waits', () => {
    const rig = new Rig();
    rig.ask({ cmd: 'poll', id: 1n });
    rig.done(socket(5n));
    const tap = new CommandTap(rig.ring.observed);
    const late = new PvCallsDevice(rig.ring.observed, tap);
    const look = () => late.take(tap.look((rig.nowMs += 10)), rig.time);
    look();
    // The response to the first one is gone before anybody looks: 40 calls later the ring went round.
    rig.ring.request(7, connect(5n, 77));
    look();
    rig.ring.respond(7, 'connect', 0, 5n);
    for (let at = 0; at < 40; at++) rig.quick({ cmd: 'poll', id: 9n });
    rig.ring.request(7, release(5n));
    look();
    assert.deepEqual(inFlightOf(rig, late), [2, ['RELEASE'], 1]);
    rig.ring.respond(7, 'release', 0, 5n);
    look();
    assert.deepEqual(inFlightOf(rig, late), [1, [], 1]);
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

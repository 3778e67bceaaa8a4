/** What is made of the slots of a command ring whose calls were seen: sockets, and the rings they have. */
import assert from 'node:assert/strict';
import { accept, bind, connect, listen, release, Rig, socket, alone } from './bookRig';

describe('sockets by the calls that were seen', () => {
  it('are opened, connected and released', () => {
    const rig = new Rig();
    const made = rig.ask(socket(5n));
    assert.deepEqual(rig.sockets, ['5 creating']);
    rig.answer(made, socket(5n));
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

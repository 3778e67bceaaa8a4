/** Two requests with one number, in flight at once or one after the other. */
import assert from 'node:assert/strict';
import { accept, alone, bind, connect, listen, release, Rig, socket } from './bookRig';

const poll = { cmd: 'poll', id: 1n } as const;

describe('requests with one number', () => {
  it('have each its own response, by the command', () => {
    const rig = listening();
    rig.ring.request(20, accept(1n, 2n, 90));
    rig.look();
    rig.ring.request(20, poll);
    rig.look();
    assert.deepEqual(waiting(rig), [['ACCEPT', 'POLL'], 0]);
    rig.ring.respond(20, 'poll', 0, 1n);
    rig.look();
    assert.deepEqual(waiting(rig), [['ACCEPT'], 0]);
    rig.ring.respond(20, 'accept', 0, 1n);
    rig.look();
    assert.deepEqual(rig.calls.slice(-2), ['POLL seen 0', 'ACCEPT seen 0']);
    assert.deepEqual(rig.rings, ['socket 2: 90 13']);
  });

  it('and one command are answered one after the other, the oldest first', () => {
    const rig = listening();
    rig.ring.request(20, accept(1n, 2n, 90));
    rig.ring.request(20, accept(1n, 3n, 91));
    rig.look();
    assert.deepEqual(waiting(rig), [['ACCEPT', 'ACCEPT'], 0]);
    rig.ring.respond(20, 'accept', 0, 1n);
    rig.look();
    assert.deepEqual(rig.rings, ['socket 2: 90 13']);
    assert.deepEqual(waiting(rig), [['ACCEPT'], 0]);
  });

  it('are answered by a response with another command where it fits nobody else', () => {
    const rig = listening();
    rig.ring.request(20, poll);
    rig.look();
    rig.ring.respond(20, 'bind', 0, 1n);
    rig.look();
    assert.deepEqual(waiting(rig), [[], 0]);
    assert.equal(rig.calls.at(-1), 'POLL seen 0');
  });

  it('are told apart where one was answered unseen, and the other one waits, at one look', () => {
    const rig = new Rig();
    rig.done(socket(5n));
    rig.ring.request(7, connect(5n, 77));
    rig.ring.respond(7, 'connect', 0, 5n);
    rig.ring.request(7, release(5n));
    rig.look();
    assert.deepEqual(waiting(rig), [['RELEASE'], 0]);
    assert.deepEqual(rig.calls, ['SOCKET seen 0', 'CONNECT answer 0']);
    assert.deepEqual(rig.sockets, ['5 releasing']);
    rig.ring.respond(7, 'release', 0, 5n);
    rig.look();
    assert.equal(rig.calls.at(-1), 'RELEASE seen 0');
    assert.deepEqual(rig.sockets, []);
  });

  it('are told apart at the first look', () => {
    const rig = new Rig(false);
    rig.ring.request(7, connect(5n, 77));
    rig.ring.respond(7, 'connect', 0, 5n);
    rig.ring.request(7, release(5n));
    rig.look();
    assert.deepEqual(waiting(rig), [['RELEASE'], 0]);
    assert.deepEqual(rig.calls, ['CONNECT oldSlot 0']);
  });

  it('are over where fewer wait than were asked, the older ones first', () => {
    const rig = new Rig();
    rig.ring.request(7, poll);
    rig.look();
    // Nobody sees its response: the ring goes round once.
    rig.ring.respond(7, 'poll', 0, 1n);
    for (let call = 0; call < 40; call++) rig.quick({ cmd: 'poll', id: 9n });
    rig.ring.request(7, connect(5n, 77));
    rig.look();
    assert.deepEqual(waiting(rig), [['CONNECT'], 0]);
    assert.ok(rig.calls.includes('POLL seen lost'));
  });

  it('are one where a response was taken for a request while it was being written', () => {
    const rig = new Rig();
    rig.ring.request(20, poll);
    rig.look();
    rig.ring.request(21, connect(5n, 77));
    rig.ring.request(22, bind(6n));
    rig.ring.respond(22, 'bind', 0, 6n);
    // The answer to POLL lies where CONNECT was asked, and is not published yet.
    rig.ring.respond(20, 'poll', 0, 1n);
    rig.ring.page.setWord('rsp_prod', 1);
    rig.look();
    rig.ring.page.setWord('rsp_prod', 2);
    rig.look();
    assert.deepEqual(waiting(rig), [[], 1]);
    assert.deepEqual(rig.calls, ['BIND seen 0', 'POLL seen 0']);
    rig.ring.respond(21, 'connect', 0, 5n);
    rig.look();
    assert.deepEqual(waiting(rig), [[], 0]);
    assert.ok(rig.sockets.includes('5 connected'));
  });
});

/** A listener, looked at all the while. */
function listening(): Rig {
  const rig = new Rig();
  for (const call of [socket(1n), bind(1n), listen(1n)]) rig.done(call);
  return rig;
}

/** The commands that are known to wait, and how many others do. */
function waiting(rig: Rig): [string[], number] {
  rig.device.look(alone, rig.time);
  const { inFlight, unseen } = rig.device.state(rig.time);
  return [inFlight.map(({ cmd }) => cmd), unseen.inFlight];
}

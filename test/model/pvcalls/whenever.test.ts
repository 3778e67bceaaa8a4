/** Sockets as Linux’s frontend uses them, and somebody who looks at any moment, also between two writes of the backend. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { PvCallsCall } from '../../../server/wire/pvcalls/slots';
import { connect, release, Rig, socket } from './bookRig';

/** Linux numbers sockets by the address of their structure, and it is soon the next one’s. */
const ids = [0xffff_8880_03a4_b000n, 0xffff_8880_03a4_c000n];
const looks = fc.record({ asked: fc.boolean(), written: fc.boolean(), answered: fc.boolean() });
interface Looks {
  readonly asked: boolean;
  /** The response is there, and not published yet. */
  readonly written: boolean;
  readonly answered: boolean;
}

/** Three calls each: with the one that waits, no more than the ring has slots. */
const turns = fc.array(
  fc.record({
    id: fc.constantFrom(...ids),
    ref: fc.integer({ min: 70, max: 73 }),
    looks: fc.tuple(looks, looks, looks),
  }),
  { minLength: 1, maxLength: 10 },
);

/** Where one call after the other is made, as long as `parked` waits or without it. */
class LinuxFrontend {
  readonly rig = new Rig();
  #asked = 0;

  constructor(parked: PvCallsCall | undefined) {
    if (!parked) return;
    this.rig.ring.request(this.#asked++, parked);
    this.rig.look();
  }

  call(call: PvCallsCall, looks: Looks): void {
    const { rig } = this;
    const { ring } = rig;
    // By its slot.
    const reqId = this.#asked++ % 32;
    ring.request(reqId, call);
    if (looks.asked) rig.look();
    const published = ring.page.word('rsp_prod');
    ring.respond(reqId, call.cmd, 0, call.id);
    ring.page.setWord('rsp_prod', published);
    if (looks.written) rig.look();
    ring.page.setWord('rsp_prod', published + 1);
    if (looks.answered) rig.look();
  }
}

describe('whenever somebody looks', () => {
  for (const [title, parked] of [
    ['sockets that were released are gone', undefined],
    ['sockets that were released are gone, also while a POLL waits', { cmd: 'poll', id: 1n }],
  ] as const) {
    it(title, () => {
      fc.assert(
        fc.property(turns, (lives) => {
          const frontend = new LinuxFrontend(parked);
          for (const { id, ref, looks: at } of lives) {
            frontend.call(socket(id), at[0]);
            frontend.call(connect(id, ref), at[1]);
            frontend.call(release(id), at[2]);
          }
          const { rig } = frontend;
          rig.look();
          assert.deepEqual(rig.sockets, parked ? ['1 unknown'] : []);
          assert.deepEqual(rig.rings, []);
          assert.equal(rig.device.calls.pendingCount, parked ? 1 : 0);
        }),
        { numRuns: 300 },
      );
    });
  }

  it('a socket has the rings that its CONNECT named', () => {
    fc.assert(
      fc.property(
        fc.option(fc.constant({ cmd: 'poll', id: 1n } as const)),
        looks,
        looks,
        turns,
        (parked, one, two, lives) => {
          const frontend = new LinuxFrontend(parked ?? undefined);
          for (const { id, ref, looks: at } of lives) {
            frontend.call(socket(id), at[0]);
            frontend.call(connect(id, ref), at[1]);
            frontend.call(release(id), at[2]);
          }
          frontend.call(socket(5n), one);
          frontend.call(connect(5n, 77), two);
          const { rig } = frontend;
          rig.look();
          assert.ok(rig.sockets.includes('5 connected'), rig.sockets.join());
          assert.deepEqual(rig.rings, ['socket 5: 77 12']);
        },
      ),
      { numRuns: 300 },
    );
  });
});

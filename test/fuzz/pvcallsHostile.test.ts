/** Peers of PV Calls that put anything into their rings: nothing is thrown, everything is answered, nothing stays. */
import assert from 'node:assert/strict';
import { PVCALLS_SLOT_BYTES } from '../../server/wire/pvcalls/slots';
import { pvcallsCommands } from '../../server/wire/pvcalls/commands';
import type { CallDecision } from '../../server/host/callInterceptor';
import type { Random } from '../../server/host/clock';
import { Intercept } from '../../server/pvcalls/intercept/intercept';
import type { PvCallsCall } from '../../server/wire/pvcalls/slots';
import { SimNetwork } from '../../server/sim/network/simNetwork';
import { RawBackend } from '../pvcalls/rawBackend';
import { RawFrontend, addressed } from '../pvcalls/rawFrontend';
import type { RawRings } from '../pvcalls/rawFrontend';
import { BACK, FRONT, PvCallsRig, until } from '../pvcalls/rig';
import { effort, pick, randomBytes, seed, seededRandom } from './seed';

const LIVES = 20 * effort;
const ROUNDS = 30;
const commands = Object.keys(pvcallsCommands).length;
/** The words of a page of indices, of both editions. */
const words = [0, 4, 8, 64, 68, 72, 76, 80, 128, 132, 136];

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};

const decisions: readonly CallDecision[] = [
  { kind: 'pass' },
  { kind: 'refuse', ret: -4 },
  { kind: 'pretend', peer: 'echo' },
  { kind: 'pretend', peer: 'sink' },
  { kind: 'never' },
];
/** Of sockets. */
const numbers = 6;
const rule = (line: string) => ({ line, isEnabled: true });

function drawCall(random: Random, rings: readonly RawRings[]): PvCallsCall {
  const id = BigInt(random.below(numbers));
  const { ref, evtchn } = pick(random, rings);
  const to = addressed('10.0.0.1', 8000 + random.below(3));
  const calls: readonly PvCallsCall[] = [
    { cmd: 'socket', id, domain: 2, type: 1, protocol: 0 },
    { cmd: 'connect', id, ...to, flags: 0, ref, evtchn },
    { cmd: 'bind', id, ...to },
    { cmd: 'listen', id, backlog: 1 },
    { cmd: 'accept', id, newId: BigInt(random.below(numbers)), ref, evtchn },
    { cmd: 'poll', id },
    { cmd: 'release', id, reuse: random.below(2) === 0 },
  ];
  return pick(random, calls);
}

describe('hostile peers of PV Calls', function () {
  this.timeout(60_000 * effort);

  const named = async (number: number, life: () => Promise<void>) => {
    try {
      await life();
    } catch (error) {
      const repeat = `XENSCOPE_SEED=${seed} XENSCOPE_EFFORT=${effort}`;
      throw new Error(`Life ${number}; repeat with ${repeat}`, { cause: error });
    }
  };

  it('get an answer to every request from our backend, or wait at a listener', async () => {
    const answers = new Map<number, number>();
    for (let number = 0; number < LIVES; number++) {
      await named(number, async () => {
        const random = seededRandom(seed + number);
        const network = new SimNetwork();
        const rig = new PvCallsRig({ network, maxOrder: 4 });
        const front = new RawFrontend(rig);
        const backend = rig.openBackend(front.page);
        const service = await network.bind({ host: '10.0.0.2', port: 80 });
        service.listen(({ stream }) => void stream.on('error', () => undefined).pipe(stream));
        const rings: RawRings[] = [front.rings(1), front.rings(2), front.rings(1, 9)];
        let sent = 0;
        let answered = 0;
        // As long as few wait there is room for all.
        for (let round = 0; round < ROUNDS && sent - answered < 16; round++) {
          const slots = Array.from({ length: 1 + random.below(16) }, () => wildRequest(rings));
          front.send(...slots);
          sent += slots.length;
          const page = pick(random, rings);
          if (random.below(2) === 0)
            page.setWord(pick(random, words), random.below(random.below(2) ? 5000 : 2 ** 32));
          page.port.notify();
          await turns(4);
          for (const { ret } of front.answers) answers.set(ret, (answers.get(ret) ?? 0) + 1);
          answered += front.takeAll();
        }
        // A listener lets one call wait, and there are few numbers.
        await until(() => {
          answered += front.takeAll();
          return sent - answered <= 8;
        });
        assert.deepEqual(rig.broken, [], 'the command ring itself is in order');
        backend.close();
        // By itself, before the driver sweeps.
        assert.equal(rig.back.resources.held, 2, 'the backend holds the command ring and its port alone');
        rig.back.resources.release();
        rig.front.resources.release();
        service.close();
        assert.equal(rig.machine.pagesInUse, rig.pagesBefore, 'no page is left');
        assert.deepEqual(rig.usage, rig.usageBefore, 'no grant, port or mapping is left');
        assert.equal(network.listeners, 0);
        rig.close();

        function wildRequest(shared: readonly RawRings[]): Buffer {
          const slot = randomBytes(random, PVCALLS_SLOT_BYTES);
          if (random.below(10) > 0) slot.writeUInt32LE(random.below(commands), 4);
          slot.writeBigUInt64LE(BigInt(random.below(8)), 8);
          if (random.below(4) > 0) {
            // What may be an IPv4 address of the service, a SOCKET of a stream, or a new socket.
            Buffer.from('020000500a000002', 'hex').copy(slot, 16);
            slot.writeUInt32LE(16, 44);
          } else {
            slot.writeUInt32LE(2, 16);
            slot.writeUInt32LE(1, 20);
            slot.writeUInt32LE(0, 24);
          }
          const { ref, evtchn } = pick(random, shared);
          if (random.below(3) > 0) slot.writeUInt32LE(ref, 52);
          if (random.below(3) > 0) slot.writeUInt32LE(evtchn, 56);
          return slot;
        }
      });
    }
    assert.ok(answers.size > 6, `answers of ${answers.size} kinds: ${[...answers.keys()].join()}`);
    assert.ok((answers.get(0) ?? 0) > LIVES, 'some of it is served');
  });

  it('get one answer to every request while somebody decides whatever a seed draws, and leave nothing', async () => {
    const decided = new Map<string, number>();
    for (let number = 0; number < LIVES; number++) {
      await named(number, async () => {
        const random = seededRandom(seed + number);
        const network = new SimNetwork();
        const rig: PvCallsRig = new PvCallsRig({
          network,
          maxOrder: 4,
          gate: () => intercept.gateOf({ path: 'backend/pvcalls/3/0', domid: FRONT, clock: rig.clock }),
        });
        const intercept = new Intercept({ domid: BACK, clock: rig.clock });
        const rules = [rule('socket id 3 after 20 ms'), rule('connect id 2 → EIO'), rule('bind → sink once')];
        intercept.set({ isOn: true, holdsOthers: true, rules });
        const front = new RawFrontend(rig);
        const backend = rig.openBackend(front.page);
        const rings: RawRings[] = [front.rings(1), front.rings(2), front.rings(1)];
        const asked = new Set<number>();
        const take = () => {
          for (const { reqId } of front.answers) assert.ok(asked.delete(reqId), `${reqId} is answered once`);
          front.takeAll();
        };
        const decideOne = (decision: CallDecision) => {
          const { held } = intercept.state();
          if (held.length === 0) return;
          decided.set(decision.kind, (decided.get(decision.kind) ?? 0) + 1);
          intercept.decide(pick(random, held).number, decision, random.below(3) === 0 ? 50 : 0);
        };
        for (let round = 0; round < ROUNDS; round++) {
          // Never more than the ring has slots.
          for (let count = random.below(4); count > 0 && asked.size < 32; count--) {
            asked.add(front.ask(drawCall(random, rings)));
          }
          await turns(2);
          decideOne(pick(random, decisions));
          rig.clock.tick(random.below(40));
          take();
        }
        // Whatever is left is decided now; what waits at a listener is answered by its release.
        intercept.set({ isOn: false, holdsOthers: false, rules: [] });
        for (let id = 0; id < numbers; id++) {
          take();
          await until(() => {
            take();
            return asked.size < 32;
          });
          asked.add(front.ask({ cmd: 'release', id: BigInt(id), reuse: false }));
        }
        await until(() => {
          take();
          return asked.size === 0;
        });
        assert.deepEqual(rig.broken, []);
        backend.close();
        assert.deepEqual(intercept.state().held, []);
        assert.equal(rig.back.resources.held, 2, 'the backend holds the command ring and its port alone');
        rig.back.resources.release();
        rig.front.resources.release();
        assert.equal(rig.machine.pagesInUse, rig.pagesBefore, 'no page is left');
        assert.deepEqual(rig.usage, rig.usageBefore, 'no grant, port or mapping is left');
        assert.equal(network.listeners, 0);
        rig.close();
      });
    }
    for (const { kind } of decisions) assert.ok(decided.get(kind)! > LIVES / 4, `${kind} was drawn`);
  });

  it('end a socket, a call or the ring of our frontend, and nothing else', async () => {
    let open = 0;
    for (let number = 0; number < LIVES; number++) {
      await named(number, async () => {
        const random = seededRandom(seed + number);
        const rig = new PvCallsRig();
        const page = rig.shareCommands();
        const frontend = rig.openFrontend(page);
        const backend = new RawBackend(rig, page, () => {
          const kind = random.below(10);
          return kind < 7 ? 0 : kind < 9 ? -random.below(600) : undefined;
        });
        const outcomes: Promise<unknown>[] = [];
        for (let round = 0; round < ROUNDS; round++) {
          const impatience = new AbortController();
          const connecting = frontend.connect(
            { host: '10.0.0.2', port: 80 },
            { order: 1, signal: impatience.signal },
          );
          const use = connecting.then((socket) => {
            open++;
            socket.on('error', () => undefined).resume();
            socket.write(randomBytes(random, 1 + random.below(6000)));
            for (let word = 0; word < 3; word++) {
              backend.setWord(socket.rings.place, pick(random, words), random.below(2 ** 32));
            }
            if (random.below(2) === 0) socket.destroy();
          });
          outcomes.push(use.catch(() => undefined));
          await turns(3);
          impatience.abort();
          if (random.below(20) === 0) {
            backend.commands.memory.store32(pick(random, [0, 4, 8, 12]), random.below(2 ** 32));
            backend.commands.port.notify();
          }
        }
        frontend.close();
        await Promise.all(outcomes);
        await until(() => rig.front.resources.held === 2 + 3 * frontend.kept);
        rig.back.resources.release();
        rig.front.resources.release();
        assert.equal(rig.machine.pagesInUse, rig.pagesBefore, 'no page is left');
        assert.deepEqual(rig.usage, rig.usageBefore, 'no grant, port or mapping is left');
        rig.close();
      });
    }
    assert.ok(open > LIVES, `only ${open} sockets were opened`);
  });
});

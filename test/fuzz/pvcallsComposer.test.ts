/** Whatever a person sends by hand over PV Calls, and however it ends: it is answered or said to be gone, and nothing stays. */
import assert from 'node:assert/strict';
import { composerForms } from '../../server/act/pvcalls/forms';
import type { OwnSession } from '../../server/act/pvcalls/ownSession';
import type { ComposerDraft } from '../../server/act/pvcalls/plan';
import { XenscopeError } from '../../server/host/errors';
import { SimNetwork } from '../../server/sim/network/simNetwork';
import { pvcallsCommands } from '../../server/wire/pvcalls/commands';
import { ComposerRig, closeRigs } from '../act/composerKit';
import type { ManualClock } from '../sim/manualClock';
import { plainGuest } from '../sim/worldKit';
import { effort, pick, randomBytes, seed, seededRandom } from './seed';

const LIVES = 8 * effort;
const ACTS = 60;
const server = { host: '10.0.0.80', port: 80 };
const listenerText = '10.0.0.1:7';
const idle = { guest: () => new Promise<void>(() => undefined) };

describe('commands of PV Calls by hand, whatever they are', function () {
  this.timeout(60_000 * effort);
  afterEach(closeRigs);

  it('are answered or gone, and leave nothing when the device is closed, killed, or its domain destroyed', async () => {
    for (let number = 0; number < LIVES; number++) {
      try {
        await life(seed + number);
      } catch (error) {
        const repeat = `XENSCOPE_SEED=${seed} XENSCOPE_EFFORT=${effort}`;
        throw new Error(`Life ${number}; repeat with ${repeat}`, { cause: error });
      }
      await closeRigs();
    }
  });

  async function life(from: number): Promise<void> {
    const random = seededRandom(from);
    const network = new SimNetwork();
    const binding = await network.bind(server);
    binding.listen(({ stream }) => {
      stream.on('error', () => undefined).on('data', (bytes: Buffer) => stream.write(bytes));
      stream.on('end', () => stream.end());
    });
    const rig = await ComposerRig.open({
      network,
      domains: [plainGuest({ name: 'first', ...idle }), plainGuest(idle)],
    });
    const before = await rig.holdings();
    const session = await rig.connected();
    await haveSockets();
    for (let count = 0; count < ACTS; count++) {
      act(session);
      if (random.below(3) === 0) await rig.world.advance(random.below(50));
    }
    const ending = pick(random, ['close', 'close', 'killed', 'destroy', 'backend'] as const);
    if (ending === 'killed') await rig.during(session.end('killed'));
    if (ending === 'destroy') rig.world.world.act('destroy', rig.domid);
    if (ending === 'backend') await rig.store.write(`${session.state.device.backend}/state`, '5');
    // A backend that still sends what was written keeps a toolstack waiting.
    const clock = rig.world.clock as ManualClock;
    let isClosed = false;
    void session.remove().then(() => (isClosed = true));
    await rig.until(() => {
      clock.tick(1000);
      return isClosed;
    });
    for (const { phase, text } of rig.entries(session)) {
      assert.ok(phase === 'answered' || phase === 'gone' || phase === 'unasked', text);
    }
    // Released sockets of which nobody takes anything have five minutes.
    await rig.world.advance(6 * 60_000);
    const after = await rig.holdings();
    if (ending !== 'destroy') assert.deepEqual(after, before);
    assert.deepEqual(rig.world.machine.holdersOf(rig.domid).length, ending === 'destroy' ? 0 : 1);
    assert.deepEqual(
      after.nodes.filter((path) => path.includes('pvcalls')),
      [],
    );
    assert.equal(network.openStreams, 0);

    /** A listener, a connection to it from both its ends, and one to the server: there is something to break. */
    async function haveSockets(): Promise<void> {
      const calls = [
        ['socket', { id: '1' }],
        ['bind', { id: '1', address: listenerText }],
        ['listen', { id: '1' }],
        ['connect', { id: '2', address: listenerText, order: '1' }],
        ['accept', { id: '1', newId: '3', order: '2' }],
        ['connect', { id: '4', address: '10.0.0.80:80' }],
      ] as const;
      for (const [command, fields] of calls) {
        assert.equal((await rig.call(session, command, fields)).response!.ret, 0, command);
      }
      await rig.send(session, 2, 'hello');
      await rig.until(() => String(rig.received(session, 3)) === 'hello');
    }

    function act(on: OwnSession): void {
      const id = BigInt(random.below(6));
      try {
        switch (random.below(10)) {
          case 0:
            return void on
              .send(id, randomBytes(random, random.below(40_000)), AbortSignal.abort())
              .catch(() => undefined);
          case 1:
            return void on
              .send(id, randomBytes(random, random.below(40_000)), new AbortController().signal)
              .catch(() => undefined);
          case 2:
            return on.setReading(id, { reads: random.below(2) === 0, keepAll: random.below(2) === 0 });
          case 3:
            return random.below(4) === 0 ? on.abandonSocket(id) : on.endSending(id);
          default:
            on.call(draft());
        }
      } catch (error) {
        // What cannot be is refused in a sentence.
        if (!(error instanceof XenscopeError)) throw error;
      }
    }

    function draft(): ComposerDraft {
      if (random.below(6) === 0) {
        const slot = randomBytes(random, 64);
        slot.writeUInt32LE(random.below(Object.keys(pvcallsCommands).length + 1), 4);
        slot.writeBigUInt64LE(BigInt(random.below(6)), 8);
        return { kind: 'raw', slot: slot.toString('hex') };
      }
      const { command, fields } = pick(random, composerForms);
      const values = fields.flatMap(({ name, group }) => {
        if (group === 'raw') return random.below(40) === 0 ? [[name, String(random.below(300))]] : [];
        const isListener = name === 'id' && (command === 'accept' || command === 'poll');
        return [[name, isListener ? '1' : usual(name)]];
      });
      return { kind: 'fields', command, fields: Object.fromEntries(values) as Record<string, string> };
    }

    function usual(name: string): string {
      switch (name) {
        case 'address':
          return pick(random, ['10.0.0.80:80', '10.0.0.80:81', '10.0.0.1:0', listenerText, listenerText]);
        case 'order':
          return pick(random, ['', '1', '2', '10']);
        case 'pages':
          return pick(random, ['', ...session.state.kept.map(({ ref }) => String(ref))]);
        case 'reuse':
          return pick(random, ['0', '1']);
        default:
          // Few enough that commands meet at the same socket.
          return String(random.below(6));
      }
    }
  }
});

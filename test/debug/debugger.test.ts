/** The debugger on real worlds, without any protocol of editors. */
import assert from 'node:assert/strict';
import { systemClock } from '../../server/cli/systemClock';
import { Debugger } from '../../server/debug/debugger';
import { completePath, evaluate } from '../../server/debug/evaluate';
import { XenscopeError } from '../../server/host/errors';
import { createWorld } from '../../server/sim/world';
import { ManualClock } from '../sim/manualClock';
import { plainGuest } from '../sim/worldKit';
import { closeDebuggers, countingGuest, debugWorld, manyTurns } from './debugKit';

describe('the debugger', () => {
  afterEach(closeDebuggers);

  describe('holds the world', () => {
    it('at an operation, with the message in hand, layer by layer', async () => {
      const { engine, ring, stopAfter, layerNames } = await debugWorld();
      engine.breakpoints.setOperations([{ name: 'XS_WRITE path=**/data/count' }]);
      const stop = await stopAfter(() => engine.resume());
      assert.equal(stop.reason, 'breakpoint');
      assert.deepEqual(stop.breakpointIds, [1]);
      assert.equal(stop.connectionId, ring().id);
      assert.match(stop.description, /^held after XS_WRITE \(#\d+\) reached the store, which has done it$/);
      const names = layerNames(ring());
      assert.match(names[0]!, /^XS_WRITE data\/count = "\d+"$/);
      assert.match(names[1]!, /^packet: type 11, req \d+, \d+ bytes$/);
      assert.match(names[2]!, /^ring bytes: req 0x[0-9a-f]+…0x[0-9a-f]+$/);
      assert.equal(names[3], 'event channel of the ring');
      const { value } = ring().inHand!.said;
      const found = await engine.store!.read(`/local/domain/${ring().of.domid}/data/count`);
      assert.equal(found.toString(), value, 'the store has done what the description says');
    });

    it('so that nothing more happens in it', async () => {
      const { engine, world, stopAfter, messages } = await debugWorld();
      engine.breakpoints.setOperations([{ name: 'XS_WRITE' }]);
      await stopAfter(() => engine.resume());
      const before = [world.nowMs(), messages.length];
      await manyTurns();
      assert.deepEqual([world.nowMs(), messages.length], before);
    });

    it('when a person says so, and lets it go on', async () => {
      const { engine, world, stopAfter } = await debugWorld();
      engine.resume();
      assert.equal(world.world.isHeld, false);
      const stop = await stopAfter(() => engine.pause());
      assert.equal(stop.reason, 'pause');
      assert.equal(world.world.isHeld, true);
      engine.resume();
      assert.equal(world.world.isHeld, false);
    });

    it('at each of two messages that came in one copy, without letting anything happen between', async () => {
      const { engine, world, stopAfter } = await debugWorld(async (domain) => {
        for (;;) {
          await domain.sleep(1000);
          await Promise.all([domain.store.write('data/one', '1'), domain.store.write('data/two', '2')]);
        }
      });
      engine.breakpoints.setOperations([
        { name: 'XS_WRITE path=**/data/one' },
        { name: 'XS_WRITE path=**/data/two' },
      ]);
      const first = await stopAfter(() => engine.resume());
      const admissions = world.world.admissions.length;
      const second = await stopAfter(() => engine.resume());
      assert.deepEqual([first.breakpointIds, second.breakpointIds], [[1], [2]]);
      assert.equal(world.world.admissions.length, admissions, 'the world was not let go between');
    });

    it('at a reply, at a count of hits, and for one domain only', async () => {
      const { engine, ring, stopAfter, layerNames } = await debugWorld();
      const { domid } = ring().of;
      engine.breakpoints.setOperations([
        { name: `XS_WRITE at reply dom=${domid}`, hitCondition: '3' },
        { name: 'XS_* dom=4711' },
      ]);
      const stop = await stopAfter(() => engine.resume());
      assert.deepEqual(stop.breakpointIds, [1]);
      assert.match(layerNames(ring())[0]!, /^OK to #\d+$/);
      const lines = ring().listing.part(1)!.lines;
      assert.ok(lines.filter((line) => line.includes('→ XS_WRITE data/count')).length >= 3);
    });

    it('when a ring is connected anew', async () => {
      const { engine, world, ring, stopAfter } = await debugWorld();
      const old = ring();
      engine.breakpoints.setOperations([{ name: `RING_RECONNECT dom=${old.of.domid}` }]);
      const stop = await stopAfter(() => {
        engine.resume();
        void world.world.reconnect(old.of.domid);
      });
      assert.deepEqual(stop.breakpointIds, [1]);
      assert.match(stop.description, /began a new connection on the ring/);
      assert.equal(old.isOpen, false);
      assert.equal(ring().id, stop.connectionId);
    });
  });

  describe('stops at errors', () => {
    it('that the store answers, if they are wanted', async () => {
      const { engine, ring, stopAfter } = await debugWorld(async (domain) => {
        for (;;) {
          await domain.sleep(1000);
          await domain.store.read('nowhere').catch(() => undefined);
          await domain.store.read('/local/domain/0/name').catch(() => undefined);
        }
      });
      engine.breakpoints.errors.clear();
      assert.equal(engine.breakpoints.errors.activate('errorReply', '!ENOENT'), undefined);
      const { reason, trouble, connectionId } = await stopAfter(() => engine.resume());
      assert.equal(reason, 'exception');
      assert.equal(trouble!.rule, 'error.EACCES');
      assert.match(trouble!.text, /answers EACCES to XS_READ \/local\/domain\/0\/name/);
      assert.equal(connectionId, ring().id);
    });

    it('once, also where a breakpoint is met', async () => {
      const { engine, messages, stopAfter } = await debugWorld(async (domain) => {
        for (;;) {
          await domain.sleep(1000);
          await domain.store.read('nowhere').catch(() => undefined);
        }
      });
      engine.breakpoints.errors.activate('errorReply');
      engine.breakpoints.setOperations([{ name: 'XS_READ at reply' }]);
      const first = await stopAfter(() => engine.resume());
      assert.deepEqual([first.reason, first.breakpointIds], ['exception', [1]]);
      const seen = messages.length;
      await stopAfter(() => engine.resume());
      assert.ok(messages.length > seen, 'the second stop is about another message');
    });

    it('of indices that cannot be', async () => {
      const { engine, world, ring, stopAfter } = await debugWorld();
      const { id, of } = ring();
      world.world.setFault('corruptIndex', 1, of.domid);
      const { reason, trouble, connectionId, description } = await stopAfter(() => engine.resume());
      assert.equal(reason, 'exception');
      assert.equal(trouble!.rule, 'ring.index.req');
      assert.match(trouble!.evidence, /^req_prod 0x[0-9a-f]+, req_cons 0x[0-9a-f]+$/);
      assert.match(description, /after the fact/);
      assert.equal(connectionId, id);
    });

    it('that the server leaves in the error word', async () => {
      const { engine, world, ring, stopAfter } = await debugWorld();
      engine.breakpoints.errors.clear();
      engine.breakpoints.errors.activate('ringError');
      world.world.setFault('corruptIndex', 1, ring().of.domid);
      const { trouble, connectionId } = await stopAfter(() => engine.resume());
      assert.equal(trouble!.rule, 'ring.error');
      assert.equal(trouble!.evidence, 'error 2');
      // The server has ended the connection: it is shown all the same, because the stop is about it.
      const about = engine.connection(connectionId!)!;
      assert.equal(about.isOpen, false);
      assert.ok(engine.shownConnections().includes(about));
      assert.match(engine.connectionName(about), /store ring \(ended\)$/);
    });
  });

  describe('steps', () => {
    it('from message to message of one connection', async () => {
      const { ring, step, layerNames } = await debugWorld();
      await step(ring(), 'message');
      assert.match(layerNames(ring())[0]!, /^XS_WRITE data\/count/);
      const stop = await step(ring(), 'message');
      assert.equal(stop.reason, 'step');
      assert.match(layerNames(ring())[0]!, /^OK to #\d+$/);
      const later = await step(ring(), 'message');
      assert.match(later.description, /1\.0 s of the world's time later$/);
    });

    it('over an exchange, up to the reply', async () => {
      const { ring, step, layerNames } = await debugWorld();
      await step(ring(), 'exchange');
      assert.match(layerNames(ring())[0]!, /^OK to #\d+$/);
    });

    it('through a ring, one thing after the other', async () => {
      const { ring, step, layerNames } = await debugWorld();
      await step(ring(), 'message');
      const texts: string[] = [];
      for (let index = 0; index < 12; index++) texts.push((await step(ring(), 'move')).description);
      const steps = texts.join('\n');
      for (const part of [
        /bytes into rsp/,
        /rsp_prod 0x/,
        /rings at the guest/,
        /bytes out of rsp/,
        /rsp_cons 0x/,
      ]) {
        assert.match(steps, part);
      }
      assert.ok(texts[11]!.includes(layerNames(ring())[0]!.replace(/\.$/, '')), 'the last one is on top');
    });

    it('through the same life with the same seed', async () => {
      const life = async () => {
        const { ring, step } = await debugWorld();
        const texts: string[] = [];
        for (let index = 0; index < 40; index++) texts.push((await step(ring(), 'move')).description);
        return texts;
      };
      assert.deepEqual(await life(), await life());
    });

    it('not past a breakpoint', async () => {
      const { engine, ring, step } = await debugWorld();
      engine.breakpoints.setOperations([{ name: 'XS_WRITE' }]);
      assert.equal((await step(ring(), 'exchange')).reason, 'breakpoint');
    });

    it('as far as it can where nothing comes, and says so', async () => {
      const { engine, step } = await debugWorld(() => Promise.resolve());
      const quiet = engine.connections()[0]!;
      const stop = await step(quiet, 'message');
      assert.equal(stop.reason, 'step');
      assert.match(stop.description, /^held: (nothing waits in the world|nothing of this connection came)/);
    });

    it('no further when a person says so', async () => {
      const { engine, ring, stopAfter } = await debugWorld(async (domain) => {
        for (;;) {
          await domain.sleep(200);
          await domain.store.read('nowhere').catch(() => undefined);
        }
      });
      const [other] = engine.connections();
      assert.notEqual(other!.id, ring().id);
      const stop = await stopAfter(() => {
        void engine.step(other!, 'message');
        setImmediate(() => engine.pause());
      });
      assert.equal(stop.reason, 'pause');
    });
  });

  describe('answers', () => {
    it('what lies in the store, and is no part of what it shows', async () => {
      const { engine, ring, messages } = await debugWorld();
      const { domid } = ring().of;
      const store = engine.store!;
      const context = { store, observer: engine.observer, connection: ring() };
      assert.equal((await evaluate(`/local/domain/${domid}/name`, context)).value, '"guest"');
      const node = await evaluate(`/local/domain/${domid}`, context);
      const names = (await node.children!()).map(({ name }) => name);
      assert.ok(names.includes('name') && names.includes('data'), names.join());
      assert.deepEqual(await completePath(`/local/domain/${domid}/na`, store), [
        `/local/domain/${domid}/name`,
      ]);
      assert.deepEqual(await completePath('/nowhere/x', store), []);
      assert.deepEqual(messages, []);
    });

    it('fields of the message in hand and words of a ring', async () => {
      const { engine, ring, step } = await debugWorld();
      await step(ring(), 'message');
      const { domid } = ring().of;
      const context = { store: engine.store!, observer: engine.observer, connection: ring() };
      const value = async (expression: string) => (await evaluate(expression, context)).value;
      assert.equal(await value('msg.path'), 'data/count');
      assert.equal(await value('msg.absolutePath'), `/local/domain/${domid}/data/count`);
      assert.match(await value('msg.type'), /^11 \(0xb\) WRITE$/);
      assert.match(await value(`ring(${domid}).req_prod`), /^\d+/);
      assert.equal(await value(`ring(${domid}).req.used`), '0');
      const features = '3 reconnection, error word; C xenstored itself never offers reconnection';
      assert.equal(await value(`ring(${domid}).server_features`), features);
      for (const wrong of ['nonsense', 'msg.nothing', 'ring(4711)', `ring(${domid}).what`]) {
        await assert.rejects(
          value(wrong),
          (error) => error instanceof XenscopeError && error.code === 'input',
          wrong,
        );
      }
      await assert.rejects(value('/not/there'), (error) => error instanceof XenscopeError);
    });

    it('what a transaction did so far', async () => {
      const { engine, ring, stopAfter, layerNames } = await debugWorld(async (domain) => {
        for (;;) {
          await domain.sleep(1000);
          await domain.store.transaction(async (transaction) => {
            await transaction.write('data/a', '1');
            await transaction.write('data/b', '2');
          });
        }
      });
      engine.breakpoints.setOperations([{ name: 'XS_WRITE path=**/b' }]);
      await stopAfter(() => engine.resume());
      assert.match(layerNames(ring())[1]!, /^transaction \d+$/);
      const scope = engine.layers(ring())[1]!.scopes[0]!;
      const fields = await scope.fields();
      assert.equal(fields.find(({ name }) => name === 'requests')!.value, '2');
      assert.match(fields.find(({ name }) => name === 'begun')!.value, /^by #\d+/);
    });
  });

  it('changes nothing in the life of a world', async () => {
    const journalOf = async (withDebugger: boolean): Promise<string[]> => {
      const journal: string[] = [];
      const engine = new Debugger({
        stopped: () => undefined,
        opened: () => undefined,
        ended: () => undefined,
        message: () => undefined,
      });
      const world = await createWorld({
        seed: 7,
        pace: 0,
        clock: new ManualClock(),
        domains: [plainGuest({ guest: countingGuest })],
        onMove: (move) => {
          journal.push(`${move.number} ${move.atMs} ${move.text}`);
          if (withDebugger) engine.onMove(move);
        },
        ...(withDebugger && { tap: engine.tap }),
      });
      await world.close();
      return journal;
    };
    const alone = await journalOf(false);
    assert.ok(alone.length > 100);
    assert.deepEqual(await journalOf(true), alone);
  });

  it('shows the time of the world, and who is connected', async () => {
    const { engine, ring, messages, step } = await debugWorld();
    await step(ring(), 'message');
    assert.ok(Math.abs(messages[0]!.atMs - systemClock.nowMs()) < 3_600_000);
    assert.equal(engine.connectionName(ring()), `d${ring().of.domid} guest · store ring`);
    assert.match(engine.connectionName(engine.connections()[0]!), /^d0 Domain-0 · process \d+$/);
  });
});

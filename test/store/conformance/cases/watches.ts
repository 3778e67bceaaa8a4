import assert from 'node:assert/strict';
import { XsType } from '../../../../server/wire/xsMessage';
import { describeReply, textOf } from '../../../support/rawConnection';
import type { ConformanceCase } from '../conformance';

export const watchCases: ConformanceCase[] = [
  {
    id: 37,
    behaviour: 'WATCH is answered OK and then by one event with the path as given, readable or not',
    async run(target) {
      const dom0 = await target.dom0();
      const guest = await target.guest(1);
      for (const connection of [dom0, guest]) {
        for (const path of ['/tool', '/missing/node', 'relative', '/', '@releaseDomain']) {
          connection.send({ type: 'WATCH', payload: `${path}|token|` });
          const reply = await connection.receive();
          assert.deepEqual([reply.type, describeReply(reply)], [XsType.WATCH, 'OK'], path);
          const event = await connection.receive();
          assert.deepEqual([event.type, textOf(event.payload)], [XsType.WATCH_EVENT, `${path}|token|`]);
        }
        assert.deepEqual(await connection.takeEvents(), []);
      }
    },
  },
  {
    id: 38,
    behaviour: 'the same node with the same token is EEXIST, however it is spelt; another token is not',
    async run(target) {
      const dom0 = await target.dom0();
      await dom0.ok('WATCH', '/w|token|');
      assert.equal(await dom0.ask('WATCH', '/w|token|'), 'ERROR EEXIST');
      await dom0.ok('WATCH', '/w|other|');
      await dom0.ok('WATCH', 'x|token|');
      assert.equal(await dom0.ask('WATCH', '/local/domain/0/x|token|'), 'ERROR EEXIST');
      assert.deepEqual(await dom0.takeEvents(), ['/w|token', '/w|other', 'x|token']);
      const second = await target.dom0();
      await second.ok('WATCH', '/w|token|');
      assert.deepEqual(await second.takeEvents(), ['/w|token'], 'another connection may have the same');
      await dom0.ok('WRITE', '/w|value');
      assert.deepEqual((await dom0.takeEvents()).sort(), ['/w|other', '/w|token']);
      assert.deepEqual(await second.takeEvents(), ['/w|token']);
    },
  },
  {
    id: 39,
    behaviour: 'UNWATCH with another token or path is ENOENT; the right one ends the events',
    async run(target) {
      const dom0 = await target.dom0();
      await dom0.ok('WATCH', '/w|token|');
      assert.equal(await dom0.ask('UNWATCH', '/w|other|'), 'ERROR ENOENT');
      assert.equal(await dom0.ask('UNWATCH', '/x|token|'), 'ERROR ENOENT');
      assert.equal(await dom0.ask('UNWATCH', '/w|'), 'ERROR EINVAL');
      await dom0.takeEvents();
      await dom0.ok('UNWATCH', '/w|token|');
      assert.equal(await dom0.ask('UNWATCH', '/w|token|'), 'ERROR ENOENT');
      await dom0.ok('WRITE', '/w|value');
      assert.deepEqual(await dom0.takeEvents(), []);
    },
  },
  {
    id: 40,
    behaviour: 'a watch fires for its node and what lies below, not for a name that only begins alike',
    async run(target) {
      const dom0 = await target.dom0();
      await dom0.ok('WATCH', '/w|token|');
      await dom0.ok('WATCH', '/|root|');
      await dom0.takeEvents();
      await dom0.ok('WRITE', '/w/a/b|value');
      assert.deepEqual((await dom0.takeEvents()).sort(), ['/w/a/b|root', '/w/a/b|token']);
      await dom0.ok('WRITE', '/wx|value');
      assert.deepEqual(await dom0.takeEvents(), ['/wx|root']);
      await dom0.ok('WRITE', '/w|value');
      assert.deepEqual((await dom0.takeEvents()).sort(), ['/w|root', '/w|token']);
    },
  },
  {
    id: 41,
    behaviour: 'a relative watch reports relative paths, also when its parent is removed',
    async run(target) {
      const dom0 = await target.dom0();
      await dom0.ok('WATCH', 'rel/x|token|');
      assert.deepEqual(await dom0.takeEvents(), ['rel/x|token']);
      await dom0.ok('WRITE', 'rel/x|value');
      await dom0.ok('WRITE', '/local/domain/0/rel/x/y|value');
      await dom0.ok('RM', 'rel|');
      const events = await dom0.takeEvents();
      assert.deepEqual(events.slice(0, 2), ['rel/x|token', 'rel/x/y|token']);
      assert.ok(events.slice(2).includes('rel/x|token'), events.join(' '));
      assert.ok(events.every((event) => event.startsWith('rel/x')));
    },
  },
  {
    id: 42,
    behaviour:
      'RM fires the exact watches of every node deepest first, and ancestors once with the removed root',
    async run(target) {
      const dom0 = await target.dom0();
      await dom0.ok('WRITE', '/r/a/b|value');
      for (const path of ['/', '/r', '/r/a', '/r/a/b', '/r/a/none'])
        await dom0.ok('WATCH', `${path}|of ${path}|`);
      await dom0.takeEvents();
      await dom0.ok('RM', '/r|');
      const events = await dom0.takeEvents();
      assert.deepEqual(events.slice(0, 2), ['/r/a/b|of /r/a/b', '/r/a|of /r/a']);
      assert.deepEqual(events.slice(2).sort(), ['/r|of /', '/r|of /r']);
    },
  },
  {
    id: 43,
    behaviour: 'a token may be empty, but not be missing; a third text is EINVAL',
    async run(target) {
      const dom0 = await target.dom0();
      await dom0.ok('WATCH', '/w||');
      assert.deepEqual(await dom0.takeEvents(), ['/w|']);
      assert.equal(await dom0.ask('WATCH', '/w|'), 'ERROR EINVAL');
      assert.equal(await dom0.ask('WATCH', '/w'), 'ERROR EINVAL');
      assert.equal(await dom0.ask('WATCH', ''), 'ERROR EINVAL');
      assert.equal(await dom0.ask('WATCH', '/w|token|1|'), 'ERROR EINVAL');
      await dom0.ok('UNWATCH', '/w||');
      assert.deepEqual(await dom0.takeEvents(), []);
    },
  },
  {
    id: 44,
    behaviour: 'writing the same value again still fires',
    async run(target) {
      const dom0 = await target.dom0();
      await dom0.ok('WRITE', '/w|same');
      await dom0.ok('WATCH', '/w|token|');
      await dom0.takeEvents();
      await dom0.ok('WRITE', '/w|same');
      assert.deepEqual(await dom0.takeEvents(), ['/w|token']);
    },
  },
  {
    id: 45,
    behaviour: 'a guest hears of a node while it may read it, and when it gains or loses that',
    async run(target) {
      const dom0 = await target.dom0();
      const guest = await target.guest(1);
      await dom0.ok('WRITE', '/dir/node|value');
      await guest.ok('WATCH', '/dir/node|token|');
      await guest.takeEvents();
      const heardOf = async (type: 'WRITE' | 'SET_PERMS' | 'RM', payload: string) => {
        await dom0.ok(type, payload);
        return guest.takeEvents();
      };
      assert.deepEqual(await heardOf('WRITE', '/dir/node|unreadable'), []);
      assert.deepEqual(await heardOf('SET_PERMS', '/dir/node|n0|r1|'), ['/dir/node|token'], 'granted');
      assert.deepEqual(await heardOf('WRITE', '/dir/node|readable'), ['/dir/node|token']);
      assert.deepEqual(await heardOf('SET_PERMS', '/dir/node|n0|'), ['/dir/node|token'], 'revoked');
      assert.deepEqual(await heardOf('WRITE', '/dir/node|unreadable'), []);
      await dom0.ok('SET_PERMS', '/dir/node|n0|r1|');
      await guest.takeEvents();
      assert.deepEqual(await heardOf('RM', '/dir/node|'), ['/dir/node|token'], 'removed while readable');
    },
  },
  {
    id: 45,
    behaviour: 'a readable parent suffices to hear of a node, an unreadable one hides its removal',
    async run(target) {
      const dom0 = await target.dom0();
      const guest = await target.guest(1);
      await dom0.ok('WRITE', '/open/hidden|value');
      await dom0.ok('SET_PERMS', '/open|r0|');
      await dom0.ok('WRITE', '/closed/hidden|value');
      await guest.ok('WATCH', '/open|token|');
      await guest.ok('WATCH', '/closed|token|');
      await guest.takeEvents();
      assert.equal(await guest.ask('READ', '/open/hidden|'), 'ERROR EACCES');
      await dom0.ok('WRITE', '/open/hidden|more');
      assert.deepEqual(await guest.takeEvents(), ['/open/hidden|token']);
      await dom0.ok('WRITE', '/closed/hidden|more');
      await dom0.ok('RM', '/closed/hidden|');
      assert.deepEqual(await guest.takeEvents(), []);
    },
  },
  {
    id: 46,
    behaviour: 'an event whose path and token do not fit 4096 bytes is not sent, and nothing breaks',
    async run(target) {
      const dom0 = await target.dom0();
      const token = 't'.repeat(4093);
      await dom0.ok('WATCH', `/|${token}|`);
      assert.deepEqual(await dom0.takeEvents(), [`/|${token}`], 'path, token and two NULs fill 4096 bytes');
      await dom0.ok('WATCH', '/|short|');
      await dom0.takeEvents();
      await dom0.ok('WRITE', '/a|value');
      assert.deepEqual(await dom0.takeEvents(), ['/a|short']);
      assert.equal(await dom0.ask('READ', '/a|'), 'value');
    },
  },
  {
    id: 47,
    behaviour: 'WATCH and UNWATCH echo any tx_id and ignore it; the watch works at once',
    async run(target) {
      const dom0 = await target.dom0();
      assert.equal(await dom0.ask('WATCH', '/w|token|', 4711), 'OK');
      const txId = await dom0.begin();
      assert.equal(await dom0.ask('WATCH', '/x|token|', txId), 'OK');
      await dom0.takeEvents();
      const other = await target.dom0();
      await other.ok('WRITE', '/x|value');
      await other.ok('WRITE', '/w|value');
      assert.deepEqual(await dom0.takeEvents(), ['/x|token', '/w|token']);
      assert.equal(await dom0.ask('TRANSACTION_END', 'F|', txId), 'OK');
      await other.ok('WRITE', '/x|value');
      assert.deepEqual(await dom0.takeEvents(), ['/x|token'], 'the watch outlives the transaction');
      assert.equal(await dom0.ask('UNWATCH', '/w|token|', 4711), 'OK');
    },
  },
];

/** Rules of watch events that have no number of their own. */
import assert from 'node:assert/strict';
import { XsType } from '../../../../server/wire/xsMessage';
import { describeReply } from '../../../support/rawConnection';
import { introduce, type ConformanceCase } from '../conformance';

export const eventCases: ConformanceCase[] = [
  {
    id: 'events',
    behaviour: 'the events that a request causes are queued before its reply',
    async run(target) {
      const dom0 = await target.dom0();
      await dom0.ok('WATCH', '/w|token|');
      await dom0.takeEvents();
      for (const [type, payload] of [
        ['WRITE', '/w|value'],
        ['MKDIR', '/w/sub|'],
        ['SET_PERMS', '/w|r0|'],
        ['RM', '/w|'],
      ] as const) {
        dom0.send({ type, payload });
        assert.equal((await dom0.receive()).type, XsType.WATCH_EVENT, type);
        assert.equal(describeReply(await dom0.receive()), 'OK', type);
      }
    },
  },
  {
    id: 'events',
    behaviour: 'reads and refused requests fire nothing',
    async run(target) {
      const dom0 = await target.dom0();
      const guest = await target.guest(1);
      await dom0.ok('WRITE', '/w/sub|value');
      await dom0.ok('WATCH', '/|token|');
      await dom0.takeEvents();
      for (const type of ['READ', 'DIRECTORY', 'GET_PERMS'] as const) await dom0.ask(type, '/w|');
      assert.equal(await guest.ask('WRITE', '/w|value'), 'ERROR EACCES');
      assert.equal(await guest.ask('RM', '/w|'), 'ERROR EACCES');
      assert.equal(await guest.ask('SET_PERMS', '/w|n1|'), 'ERROR EACCES');
      assert.deepEqual(await dom0.takeEvents(), []);
    },
  },
  {
    id: 'events',
    behaviour: 'RESET_WATCHES, with or without payload, drops all watches of the caller and no others',
    async run(target) {
      const dom0 = await target.dom0();
      const other = await target.dom0();
      await other.ok('WATCH', '/w|token|');
      for (const payload of ['|', '']) {
        await dom0.ok('WATCH', '/w|token|');
        await dom0.ok('RESET_WATCHES', payload);
        await dom0.takeEvents();
        await other.takeEvents();
        await dom0.ok('WRITE', '/w|value');
        assert.deepEqual(await dom0.takeEvents(), []);
        assert.deepEqual(await other.takeEvents(), ['/w|token']);
      }
    },
  },
  {
    id: 'events',
    behaviour: 'RESET_WATCHES leaves no trace of a watch: it can be set again and is counted anew',
    async run(target) {
      const guest = await target.guest(1);
      for (let round = 0; round < 3; round++) {
        for (let n = 0; n < 129; n++) await guest.ok('WATCH', `/w/${n}|token|`);
        assert.equal(await guest.ask('WATCH', '/w/one-more|token|'), 'ERROR E2BIG');
        await guest.ok('RESET_WATCHES', '|');
        await guest.takeEvents();
      }
    },
  },
  {
    id: 'events',
    behaviour: 'the relative watch of a guest reports paths relative to its own domain',
    async run(target) {
      const dom0 = await target.dom0();
      const guest = await target.guest(2);
      await dom0.ok('MKDIR', '/local/domain/2|');
      await dom0.ok('SET_PERMS', '/local/domain/2|n2|');
      await guest.ok('WATCH', 'device|relative|');
      await guest.ok('WATCH', '/local/domain/2/device|absolute|');
      await guest.takeEvents();
      await dom0.ok('WRITE', '/local/domain/2/device/vif|x');
      assert.deepEqual((await guest.takeEvents()).sort(), [
        '/local/domain/2/device/vif|absolute',
        'device/vif|relative',
      ]);
    },
  },
  {
    id: 'events',
    behaviour: 'a made-up name with @ never fires, nor does @releaseDomain with a domid',
    async run(target) {
      const dom0 = await target.dom0();
      await introduce(target, 2);
      for (const name of ['@foo', '@releaseDomain/2', '@release', '@releaseDomainX']) {
        await dom0.ok('WATCH', `${name}|token|`);
      }
      await dom0.ok('WATCH', '/|root|');
      await dom0.takeEvents();
      await dom0.ok('RELEASE', '2|');
      assert.deepEqual(await dom0.takeEvents(), [], 'nor does the root hear of special names');
    },
  },
  {
    id: 'events',
    behaviour: 'RM inside a transaction reports the removed node to who could read it before',
    async run(target) {
      const dom0 = await target.dom0();
      const guest = await target.guest(1);
      await dom0.ok('WRITE', '/d/readable|value');
      await dom0.ok('WRITE', '/d/hidden|value');
      await dom0.ok('SET_PERMS', '/d/readable|r0|');
      await guest.ok('WATCH', '/d|token|');
      await guest.takeEvents();
      const txId = await dom0.begin();
      await dom0.ok('RM', '/d/readable|', txId);
      await dom0.ok('RM', '/d/hidden|', txId);
      assert.equal(await dom0.commit(txId), 'OK');
      assert.deepEqual(await guest.takeEvents(), ['/d/readable|token']);
    },
  },
  {
    id: 'events',
    behaviour:
      'an event like one that still waits unsent is dropped, so a guest that does not read costs little',
    async run(target) {
      const dom0 = await target.dom0();
      const guest = await target.guest(1);
      await dom0.ok('WRITE', '/d/a|value');
      await dom0.ok('WRITE', '/d/b|value');
      await dom0.ok('SET_PERMS', '/d|r0|');
      const token = 't'.repeat(1000);
      await guest.ok('WATCH', `/d|${token}|`);
      await guest.takeEvents();
      guest.pause();
      const changes = 400;
      for (let n = 0; n < changes; n++) await dom0.ok('WRITE', `/d/a|value ${n}`);
      await dom0.ok('WRITE', '/d/b|value');
      guest.resume();
      const events = await guest.takeEvents();
      assert.ok(events.length >= 2 && events.length < changes / 2, `${events.length} events`);
      assert.equal(events.at(-1), `/d/b|${token}`, 'no path is missing');
      assert.ok(events.slice(0, -1).every((event) => event === `/d/a|${token}`));
    },
  },
  {
    id: 'events',
    behaviour: 'UNWATCH ends what happens later, yet not the events that were queued before',
    async run(target) {
      const dom0 = await target.dom0();
      await dom0.ok('WATCH', '/w|token|');
      await dom0.takeEvents();
      dom0.send({ type: 'WRITE', payload: '/w|value' });
      dom0.send({ type: 'UNWATCH', payload: '/w|token|' });
      dom0.send({ type: 'WRITE', payload: '/w|value' });
      const types: number[] = [];
      for (let n = 0; n < 4; n++) types.push((await dom0.receive()).type);
      assert.deepEqual(types, [XsType.WATCH_EVENT, XsType.WRITE, XsType.UNWATCH, XsType.WRITE]);
      assert.deepEqual(await dom0.takeEvents(), []);
    },
  },
];

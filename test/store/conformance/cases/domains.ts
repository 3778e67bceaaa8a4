import assert from 'node:assert/strict';
import { describeReply } from '../../../support/rawConnection';
import { XsType } from '../../../../server/wire/xsMessage';
import { introduce, type ConformanceCase } from '../conformance';

export const domainCases: ConformanceCase[] = [
  {
    id: 59,
    behaviour: 'INTRODUCE fires @introduceDomain once, before its reply; a second INTRODUCE fires none',
    async run(target) {
      const dom0 = await target.dom0();
      await dom0.ok('WATCH', '@introduceDomain|token|');
      await dom0.takeEvents();
      assert.equal(await dom0.ask('IS_DOMAIN_INTRODUCED', '5|'), 'F|');
      dom0.send({ type: 'INTRODUCE', payload: '5|1|7|' });
      assert.equal((await dom0.receive()).type, XsType.WATCH_EVENT);
      assert.equal(describeReply(await dom0.receive()), 'OK');
      assert.equal(await dom0.ask('IS_DOMAIN_INTRODUCED', '5|'), 'T|');
      assert.deepEqual(await dom0.takeEvents(), []);
      await dom0.ok('INTRODUCE', '5|1|7|');
      assert.deepEqual(await dom0.takeEvents(), []);
    },
  },
  {
    id: 59,
    behaviour: 'a second INTRODUCE drops the watches and transactions of the domain, not its nodes',
    async run(target) {
      const dom0 = await target.dom0();
      const guest = await target.guest(5);
      await dom0.ok('MKDIR', '/g|');
      await dom0.ok('SET_PERMS', '/g|n5|');
      await guest.ok('WRITE', '/g/own|value');
      await guest.ok('WATCH', '/g|token|');
      const txId = await guest.begin();
      await guest.ok('WRITE', '/g/in-transaction|value', txId);
      await guest.takeEvents();
      await dom0.ok('INTRODUCE', '5|1|7|');
      await dom0.ok('WRITE', '/g|new value');
      assert.equal(await guest.commit(txId), 'ERROR ENOENT');
      assert.deepEqual(await guest.takeEvents(), []);
      assert.equal(await guest.ask('DIRECTORY', '/g|'), 'own|');
      assert.equal(await guest.ask('WATCH', '/g|token|'), 'OK');
      assert.deepEqual(await guest.takeEvents(), ['/g|token']);
    },
  },
  {
    id: 60,
    behaviour: 'a shutdown fires @releaseDomain once, and again only after RESUME',
    async run(target) {
      const dom0 = await target.dom0();
      const guest = await target.guest(3);
      await dom0.ok('WATCH', '@releaseDomain|token|');
      await dom0.takeEvents();
      target.domainShutdown(3);
      assert.equal(await dom0.nextEvent(), '@releaseDomain|token');
      target.domainShutdown(3);
      assert.deepEqual(await dom0.takeEvents(), []);
      assert.equal(
        await guest.ask('GET_DOMAIN_PATH', '3|'),
        '/local/domain/3|',
        'the domain is still connected',
      );
      await dom0.ok('RESUME', '3|');
      assert.deepEqual(await dom0.takeEvents(), []);
      target.domainShutdown(3);
      assert.equal(await dom0.nextEvent(), '@releaseDomain|token');
      assert.deepEqual(await dom0.takeEvents(), []);
    },
  },
  {
    id: 60,
    behaviour: 'a death removes the nodes of the domain, with events, before @releaseDomain',
    async run(target) {
      const dom0 = await target.dom0();
      const guest = await target.guest(3);
      await dom0.ok('MKDIR', '/g|');
      await dom0.ok('SET_PERMS', '/g|n3|');
      await guest.ok('WRITE', '/g/own|value');
      await dom0.ok('WRITE', '/kept|value');
      await dom0.ok('WATCH', '/g/own|node|');
      await dom0.ok('WATCH', '@releaseDomain|release|');
      await dom0.takeEvents();
      target.domainDied(3);
      assert.equal(await dom0.nextEvent(), '/g/own|node');
      assert.equal(await dom0.nextEvent(), '@releaseDomain|release');
      assert.deepEqual(await dom0.takeEvents(), []);
      assert.equal(await dom0.ask('READ', '/g|'), 'ERROR ENOENT');
      assert.equal(await dom0.ask('READ', '/kept|'), 'value');
      assert.equal(await dom0.ask('IS_DOMAIN_INTRODUCED', '3|'), 'F|');
    },
  },
  {
    id: 60,
    behaviour: 'RELEASE removes the nodes of the domain and fires @releaseDomain before its reply',
    async run(target) {
      const dom0 = await target.dom0();
      // Xen's daemon keeps a reference to the connection that it will serve next and ends that one
      // only after the reply; this one sees to it that the domain's is not the next.
      await target.dom0();
      await introduce(target, 3);
      await dom0.ok('WRITE', '/g|value');
      await dom0.ok('SET_PERMS', '/g|n3|');
      await dom0.ok('WATCH', '/g|node|');
      await dom0.ok('WATCH', '@releaseDomain|release|');
      await dom0.takeEvents();
      dom0.send({ type: 'RELEASE', payload: '3|' });
      const types = [await dom0.receive(), await dom0.receive(), await dom0.receive()].map(describeReply);
      assert.deepEqual(types, ['/g|node|', '@releaseDomain|release|', 'OK']);
      assert.equal(await dom0.ask('READ', '/g|'), 'ERROR ENOENT');
      assert.equal(await dom0.ask('RELEASE', '3|'), 'ERROR ENOENT');
    },
  },
  {
    id: 61,
    behaviour: 'a guest hears of @releaseDomain only when SET_PERMS lists it there',
    async run(target) {
      const dom0 = await target.dom0();
      const guest = await target.guest(1);
      await introduce(target, 2, 3, 5);
      await guest.ok('WATCH', '@releaseDomain|token|');
      await guest.takeEvents();
      await dom0.ok('RELEASE', '3|');
      assert.deepEqual(await guest.takeEvents(), []);
      await dom0.ok('SET_PERMS', '@releaseDomain|n0|r1|');
      await guest.takeEvents();
      await dom0.ok('RELEASE', '5|');
      assert.deepEqual(await guest.takeEvents(), ['@releaseDomain|token']);
      await dom0.ok('SET_PERMS', '@releaseDomain|n0|');
      await guest.takeEvents();
      await dom0.ok('RELEASE', '2|');
      assert.deepEqual(await guest.takeEvents(), []);
    },
  },
  {
    id: 'domains',
    behaviour: 'GET_DOMAIN_PATH is open to everybody, writes the number plainly and needs no such domain',
    async run(target) {
      const guest = await target.guest(1);
      assert.equal(await guest.ask('GET_DOMAIN_PATH', '7|'), '/local/domain/7|');
      assert.equal(await guest.ask('GET_DOMAIN_PATH', '007|'), '/local/domain/7|');
    },
  },
  {
    id: 'domains',
    behaviour: 'IS_DOMAIN_INTRODUCED knows domain 0 and DOMID_SELF',
    async run(target) {
      const dom0 = await target.dom0();
      assert.equal(await dom0.ask('IS_DOMAIN_INTRODUCED', '0|'), 'T|');
      assert.equal(await dom0.ask('IS_DOMAIN_INTRODUCED', '32752|'), 'T|');
      assert.equal(await dom0.ask('IS_DOMAIN_INTRODUCED', '77|'), 'F|');
    },
  },
  {
    id: 'domains',
    behaviour: 'INTRODUCE wants a domain, a frame and a port above 0; more texts are ignored',
    async run(target) {
      const dom0 = await target.dom0();
      assert.equal(await dom0.ask('INTRODUCE', '5|1|'), 'ERROR EINVAL');
      assert.equal(await dom0.ask('INTRODUCE', '5|1|7'), 'ERROR EINVAL');
      assert.equal(await dom0.ask('INTRODUCE', '5|1|0|'), 'ERROR EINVAL');
      assert.equal(await dom0.ask('IS_DOMAIN_INTRODUCED', '5|'), 'F|');
      assert.equal(await dom0.ask('INTRODUCE', '5|1|7|more|'), 'OK');
    },
  },
];

/** The guest socket as a program sees it that speaks its protocol by hand. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, lstatSync } from 'node:fs';
import net from 'node:net';
import { maxStoreVisitors } from '../../../server/sim/joined/storeDoor';
import { dialSocket } from '../../../server/store/client/socketDial';
import { openStoreClient } from '../../../server/store/client/storeClient';
import { systemClock } from '../../../server/cli/systemClock';
import {
  GUEST_PAYLOAD_MAX_BYTES,
  GuestErrno,
  GuestKind,
  GuestOp,
  guestRequestBytes,
} from '../../../server/wire/guestSocket';
import { formatXsPerm } from '../../../server/wire/xsPerms';
import { GuestClient } from '../../support/guestClient';
import { rawFrame } from '../../support/rawConnection';
import { closeWorlds } from '../worldKit';
import { openJoinedWorld, stepTo, until, useJoinedWorld } from './joinedWorld';

if (process.platform === 'linux') {
  describe('the guest socket of a world', function () {
    this.timeout(30_000);
    const { joined, domid } = useJoinedWorld();

    describe('joining', () => {
      it('builds a domain of a new name, at pace 0 as well, and takes it away with the last who leaves', async () => {
        const { world } = joined();
        const [one, other] = await Promise.all([joined().join('alice'), joined().join('alice')]);
        assert.equal(one.domid, other.domid, 'two who come at once find one domain');
        assert.equal(world.hypervisor.get(one.domid)?.name, 'alice');
        one.leave();
        const store = world.openStore();
        assert.equal(String(await store.read(`/local/domain/${one.domid}/name`)), 'alice');
        other.leave();
        await until(() => world.hypervisor.get(one.domid) === undefined);
        assert.ok(!existsSync(one.storeSocketPath));
        const again = await joined().join('alice');
        assert.notEqual(again.domid, one.domid);
      });

      it('gives its programs a socket on which they are that domain and nobody else', async () => {
        const { domid, storeSocketPath } = await joined().join('alice');
        assert.equal(lstatSync(storeSocketPath).mode & 0o777, 0o600);
        const store = openStoreClient({ dial: dialSocket(storeSocketPath), clock: systemClock });
        assert.equal(String(await store.read('name')), 'alice');
        await store.write('data/mine', 'x');
        const perms = await store.getPerms(`/local/domain/${domid}/data/mine`);
        assert.equal(perms.map(formatXsPerm).join(), `n${domid}`);
        await assert.rejects(store.read('/local/domain/0/name'), { storeError: 'EACCES' });
        await assert.rejects(store.introduce(7, 1, 1), { storeError: 'EACCES' });
        await store.close();
      });

      it('takes so many connections to the store and no more, and says so', async () => {
        const { domid, storeSocketPath } = await joined().join('alice');
        const connect = async () => {
          const socket = net.connect(storeSocketPath).on('error', () => undefined);
          await once(socket, 'connect');
          return socket.resume();
        };
        const sockets: net.Socket[] = [];
        while (sockets.length < maxStoreVisitors) sockets.push(await connect());
        const refused = await connect();
        await new Promise<void>((resolve) =>
          refused.destroyed ? resolve() : refused.once('close', resolve),
        );
        assert.ok(sockets.every(({ destroyed }) => !destroyed));
        const told = joined().world.world.admissions.filter(({ text }) => /more are refused/.test(text));
        assert.deepEqual(
          told.map(({ text }) => text),
          [`programs of alice (domain ${domid}) have 256 connections to the store; more are refused`],
        );
        for (const socket of sockets) socket.destroy();
        // The server hears of it in its own time; until then it closes, and the client dials again.
        const store = openStoreClient({ dial: dialSocket(storeSocketPath), clock: systemClock });
        let name: string | undefined;
        while ((name = await store.read('name').then(String, () => undefined)) === undefined) {
          store.retryNow();
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        assert.equal(name, 'alice');
        await store.close();
      });

      it('joins domains that are there, by name and by number, and leaves them', async () => {
        const { world } = joined();
        const [byName, byNumber] = [await joined().join('Domain-0'), await joined().join('0')];
        assert.deepEqual([byName.domid, byNumber.domid], [0, 0]);
        byName.leave();
        byNumber.leave();
        await until(() => !existsSync(byName.storeSocketPath));
        assert.ok(world.hypervisor.get(0));
        assert.equal((await joined().join('0')).domid, 0);
      });

      it('refuses what cannot be, with a sentence', async () => {
        for (const name of ['', '99', 'a/b', '-x', 'x'.repeat(65), 'é', '../../x']) {
          await assert.rejects(joined().join(name), { code: 'refused', message: /\.$/ }, name);
        }
      });

      it('ends programs with their domain, and says why', async () => {
        const { world } = joined();
        const joining = await joined().join('alice');
        const device = await joined().device(GuestKind.gntdev, joining.domid);
        world.world.act('destroy', joining.domid);
        assert.match(await joining.ended, /^alice \(domain \d+\) has stopped\.$/);
        await device.ended();
        await assert.rejects(joined().device(GuestKind.gntdev, joining.domid), /Nobody has joined/);
      });

      it('forgets who left while the domain was being built', async () => {
        const { world } = joined();
        world.world.hold();
        const client = await GuestClient.dial(joined().socketPath);
        void client.hello(GuestKind.join, { rest: Buffer.from('alice') }).catch(() => undefined);
        await until(() => world.hypervisor.byName('alice') !== undefined);
        client.close();
        world.world.resume();
        await until(() => world.hypervisor.byName('alice') === undefined);
      });

      it('stops a program that asks the store in a held world, until a step comes to it', async () => {
        const { world } = joined();
        const { storeSocketPath } = await joined().join('alice');
        const store = openStoreClient({ dial: dialSocket(storeSocketPath), clock: systemClock });
        assert.equal(String(await store.read('name')), 'alice');
        await world.settled();
        world.world.hold();
        let answered = false;
        const asked = store.read('domid').then(() => (answered = true));
        await stepTo(world, /^alice \(domain \d+\) asks the store: READ domid\.$/);
        assert.ok(!answered, 'asked, and the answer is on its way');
        await stepTo(world, /^The store tells alice \(domain \d+\): READ/);
        assert.ok(await asked);
        world.world.resume();
        await store.close();
      });

      it('takes a request that comes in pieces as one thing of the world, and one that is too long as none', async () => {
        const { world } = joined();
        const { storeSocketPath } = await joined().join('alice');
        const socket = net.connect(storeSocketPath).setNoDelay();
        const answers: Buffer[] = [];
        socket.on('data', (bytes: Buffer) => answers.push(bytes));
        const text = () => Buffer.concat(answers).toString('latin1');
        const read = rawFrame({ type: 'READ', payload: 'domid|' });
        // Once whole, so that the connection is there before the world is held.
        socket.write(rawFrame({ type: 'READ', payload: 'name|' }));
        await until(() => text().endsWith('alice'));
        await world.settled();
        world.world.hold();
        for (const byte of read) await new Promise((resolve) => socket.write(Buffer.of(byte), resolve));
        const told: string[] = [];
        while (!told.some((move) => move.startsWith('The store tells alice'))) {
          const move = await world.world.step();
          if (move && / alice |^alice /.test(move.text)) told.push(move.text.replace(/\d+/, 'N'));
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        assert.equal(told[0], 'alice (domain N) asks the store: READ domid.');
        assert.equal(told.length, 2, told.join('\n'));
        world.world.resume();
        const closed = once(socket, 'close');
        socket.write(rawFrame({ type: 'READ', len: 1_000_000 }));
        await closed;
      });

      it('is recorded, and so is what programs ask of the store', async () => {
        const { world } = joined();
        const { storeSocketPath, domid } = await joined().join('alice');
        const store = openStoreClient({ dial: dialSocket(storeSocketPath), clock: systemClock });
        await store.write('data/mine', 'x');
        const texts = world.world.admissions.map(({ kind, text }) => `${kind} ${text.slice(0, 60)}`);
        assert.ok(texts.includes(`act programs from outside join alice (domain ${domid})`), texts.join('\n'));
        assert.ok(
          texts.some((text) => text.startsWith('request WRITE data/mine')),
          texts.join('\n'),
        );
        await store.close();
      });
    });

    describe('the protocol', () => {
      it('names the version that it speaks to somebody of another one', async () => {
        const client = await GuestClient.dial(joined().socketPath);
        const { result, payload } = await client.hello(GuestKind.join, {
          version: 2,
          rest: Buffer.from('a'),
        });
        assert.equal(result, -GuestErrno.EPROTONOSUPPORT);
        assert.match(payload.toString(), /version 1 .* version 2\./);
      });

      it('cuts off who does not begin with a greeting, or announces more than may come', async () => {
        for (const bytes of [
          Buffer.from('GET / HTTP/1.1\r\n\r\n'),
          Buffer.alloc(64),
          Buffer.from('01000000ffffffff', 'hex'),
        ]) {
          const client = await GuestClient.dial(joined().socketPath);
          client.send(bytes);
          await client.ended();
        }
        assert.equal(await domid('alice'), await domid('alice'), 'others are served on');
      });

      it('takes a request in any pieces, and several in one', async () => {
        const client = await GuestClient.open(joined().socketPath, GuestKind.evtchn, await domid('alice'));
        const request = Buffer.from('10000000' + '08000000' + '05000000' + '00000000', 'hex');
        for (const byte of request) client.send(Buffer.from([byte]));
        const first = (await client.answer()).result;
        client.send(Buffer.concat([request, request]));
        assert.deepEqual(
          [(await client.answer()).result, (await client.answer()).result],
          [first + 1, first + 2],
        );
      });

      it('takes the longest request there is, and nothing longer', async () => {
        const client = await GuestClient.open(joined().socketPath, GuestKind.gntdev, await domid('alice'));
        const longest = guestRequestBytes({
          op: GuestOp.map,
          payload: Buffer.alloc(GUEST_PAYLOAD_MAX_BYTES - 4),
        });
        client.send(longest.subarray(0, -3));
        await joined().world.settled();
        client.send(longest.subarray(-3));
        assert.equal((await client.answer()).result, -GuestErrno.E2BIG);
        client.send(
          guestRequestBytes({ op: GuestOp.map, payload: Buffer.alloc(GUEST_PAYLOAD_MAX_BYTES + 4) }),
        );
        await client.ended();
      });

      it('answers ENOTTY to what a device does not do, and EINVAL to what is no request', async () => {
        const { device } = joined();
        const alice = await domid('alice');
        for (const kind of [GuestKind.evtchn, GuestKind.gntdev, GuestKind.gntalloc]) {
          const client = await device(kind, alice);
          assert.equal((await client.ask(999)).result, -GuestErrno.ENOTTY);
          assert.equal((await client.askBytes(GuestOp.map, Buffer.alloc(3))).result, -GuestErrno.EINVAL);
        }
        await assert.rejects(device(77, alice), /There is no device of kind 77/);
        await assert.rejects(device(GuestKind.gntdev, 4000), /Nobody has joined domain 4000/);
      });
    });
  });

  describe('a world whose pages stay in its process', () => {
    it('has no guest socket', async () => {
      const { openProcessPages } = await import('../../../server/sim/pages');
      const joined = await openJoinedWorld({ pages: openProcessPages() });
      assert.equal(joined.world.world.guestSocketPath, undefined);
      assert.ok(!existsSync(joined.socketPath));
      await closeWorlds();
      joined.remove();
    });
  });
}

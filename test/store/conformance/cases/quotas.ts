/** The limits of unprivileged domains, as C xenstored 4.17 sets and counts them. */
import assert from 'node:assert/strict';
import { describeReply, type RawConnection } from '../../../support/rawConnection';
import type { ConformanceCase, Target } from '../conformance';

/** A guest with a directory of its own, `/g`. */
async function guestWithDirectory(target: Target): Promise<{ dom0: RawConnection; guest: RawConnection }> {
  const dom0 = await target.dom0();
  const guest = await target.guest(1);
  await dom0.ok('MKDIR', '/g|');
  await dom0.ok('SET_PERMS', '/g|n1|');
  return { dom0, guest };
}

/** What a guest may hold, and what its `/g` and a watch of it count, as C xenstored stores them. */
const hardMemoryBytes = 2.5 * 1024 * 1024;
const nodeBytes = (path: string, valueBytes: number, childrenBytes: number) =>
  path.length + 24 + 8 + valueBytes + childrenBytes;
const watchBytes = (path: string, token: string) => path.length + token.length;
const eventBytes = (path: string, token: string) => 16 + path.length + 1 + token.length + 1;

export const quotaCases: ConformanceCase[] = [
  {
    id: 33,
    behaviour: 'a node with its ACL, value and child names must stay below 2048 bytes for a guest',
    async run(target) {
      const { dom0, guest } = await guestWithDirectory(target);
      // 24 bytes of header and 8 for one permission leave 2015 bytes; twenty names take 2000 of them.
      for (let n = 10; n < 30; n++) await guest.ok('WRITE', `/g/${'n'.repeat(97)}${n}|`);
      assert.equal(await guest.ask('WRITE', `/g/${'x'.repeat(15)}|`), 'ERROR ENOSPC');
      assert.equal(await guest.ask('MKDIR', `/g/${'x'.repeat(15)}|`), 'ERROR ENOSPC');
      assert.equal(await guest.ask('WRITE', '/g|sixteen bytes..x'), 'ERROR ENOSPC');
      assert.equal(await guest.ask('WRITE', `/g/${'x'.repeat(14)}|`), 'OK');
      await dom0.ok('WRITE', `/g/${'y'.repeat(15)}|of dom0, which has no quota`);
    },
  },
  {
    id: 'quotas',
    behaviour: 'a guest may write a value of 2015 bytes, not of 2016 (ENOSPC); dom0 fills the payload',
    async run(target) {
      const { dom0, guest } = await guestWithDirectory(target);
      assert.equal(await guest.ask('WRITE', `/g/v|${'x'.repeat(2016)}`), 'ERROR ENOSPC');
      assert.equal(await guest.ask('READ', '/g/v|'), 'ERROR ENOENT');
      assert.equal(await guest.ask('WRITE', `/g/v|${'x'.repeat(2015)}`), 'OK');
      assert.equal(await guest.ask('WRITE', `/g/v|${'y'.repeat(2016)}`), 'ERROR ENOSPC');
      assert.equal(await guest.ask('READ', '/g/v|'), 'x'.repeat(2015));
      await dom0.ok('WRITE', `/g/v|${'x'.repeat(4091)}`);
    },
  },
  {
    id: 'quotas',
    behaviour: 'a guest may own 1000 nodes; the next is ENOSPC until one is gone',
    async run(target) {
      const { dom0, guest } = await guestWithDirectory(target);
      // /g itself counts. Ten directories of 99 nodes each are 1 + 10 * (1 + 98) = 991.
      for (let d = 0; d < 10; d++) {
        for (let n = 0; n < 98; n++) await guest.ok('WRITE', `/g/${d}/${n}|`);
      }
      for (let n = 991; n < 1000; n++) await guest.ok('WRITE', `/g/${n}|`);
      assert.equal(await guest.ask('WRITE', '/g/one-more|'), 'ERROR ENOSPC');
      assert.equal(await guest.ask('MKDIR', '/g/one-more|'), 'ERROR ENOSPC');
      assert.equal(await guest.ask('WRITE', '/g/999|existing nodes can be written'), 'OK');
      await guest.ok('RM', '/g/999|');
      assert.equal(await guest.ask('WRITE', '/g/one-more|'), 'OK');
      assert.equal(await guest.ask('WRITE', '/g/999|'), 'ERROR ENOSPC');
      await dom0.ok('RM', '/g/0|');
      assert.equal(await guest.ask('WRITE', '/g/999|'), 'OK');
    },
  },
  {
    id: 'quotas',
    behaviour: 'a guest may set 129 watches; the next is E2BIG until one is gone',
    async run(target) {
      const dom0 = await target.dom0();
      const guest = await target.guest(1);
      for (let n = 0; n < 129; n++) await guest.ok('WATCH', `/w/${n}|token|`);
      assert.equal(await guest.ask('WATCH', '/w/one-more|token|'), 'ERROR E2BIG');
      await guest.ok('UNWATCH', '/w/7|token|');
      assert.equal(await guest.ask('WATCH', '/w/one-more|token|'), 'OK');
      assert.equal(await guest.ask('WATCH', '/w/7|token|'), 'ERROR E2BIG');
      for (let n = 0; n < 200; n++) await dom0.ok('WATCH', `/w/${n}|token|`);
    },
  },
  {
    id: 'quotas',
    behaviour: 'a guest may hold 11 transactions; the next is ENOSPC until one has ended',
    async run(target) {
      const dom0 = await target.dom0();
      const guest = await target.guest(1);
      const txIds: number[] = [];
      for (let n = 0; n < 11; n++) txIds.push(await guest.begin());
      assert.equal(await guest.ask('TRANSACTION_START', '|'), 'ERROR ENOSPC');
      assert.equal(await guest.commit(txIds[3]!), 'OK');
      await guest.begin();
      assert.equal(await guest.ask('TRANSACTION_START', '|'), 'ERROR ENOSPC');
      for (let n = 0; n < 50; n++) await dom0.begin();
    },
  },
  {
    id: 'quotas',
    behaviour:
      'a transaction of a guest may touch 1024 nodes; the next is ENOSPC and it still can be aborted',
    async run(target) {
      const { guest } = await guestWithDirectory(target);
      const txId = await guest.begin();
      let answer = '';
      let touched = 0;
      // Each READ of a missing child touches that name; the first touches the directory above it as well.
      for (; touched < 1100 && answer !== 'ERROR ENOSPC'; touched++) {
        answer = await guest.ask('READ', `/g/missing-${touched}|`, txId);
      }
      assert.equal(answer, 'ERROR ENOSPC');
      assert.ok(touched >= 1020 && touched <= 1025, `refused at the ${touched}th name`);
      assert.equal(await guest.ask('TRANSACTION_END', 'F|', txId), 'OK');
    },
  },
  {
    id: 'quotas',
    behaviour: 'a guest may hold 2.5 MiB of nodes and watches; one watch more is ENOMEM until something goes',
    async run(target) {
      const { guest } = await guestWithDirectory(target);
      const long = `/g/${'d'.repeat(1000)}`;
      const valueBytes = 2015;
      let held = nodeBytes('/g', 0, 1001) + nodeBytes(long, 0, 20);
      for (let d = 0; d < 10; d++) {
        held += nodeBytes(`${long}/0`, 0, 80 * 3) + 80 * nodeBytes(`${long}/0/10`, valueBytes, 0);
        for (let n = 10; n < 90; n++) {
          guest.send({ type: 'WRITE', payload: `${long}/${d}/${n}|${'x'.repeat(valueBytes)}` });
        }
        for (let n = 10; n < 90; n++) assert.equal(describeReply(await guest.reply()), 'OK');
      }
      const token = 't'.repeat(3990);
      let set = 0;
      for (; held + watchBytes('/w/10', token) < hardMemoryBytes; set++) {
        await guest.ok('WATCH', `/w/${10 + set}|${token}|`);
        held += watchBytes('/w/10', token);
        // Its event counts until it is taken, and is not sent where it has no room either.
        if (held + eventBytes('/w/10', token) < hardMemoryBytes) await guest.nextEvent();
      }
      assert.equal(set, 40);
      await guest.takeEvents();
      // To the byte.
      const rest = 't'.repeat(hardMemoryBytes - held - '/w/rest'.length);
      assert.equal(await guest.ask('WATCH', `/w/rest|${rest}|`), 'ERROR ENOMEM');
      assert.equal(await guest.ask('WATCH', `/w/rest|${rest.slice(1)}|`), 'OK');
      await guest.ok('UNWATCH', `/w/10|${token}|`);
      assert.equal(await guest.ask('WATCH', `/w/10|${token}|`), 'OK');
      assert.equal(await guest.ask('WATCH', `/w/11|other${token}|`), 'ERROR ENOMEM');
      await guest.ok('RM', `${long}/0|`);
      assert.equal(await guest.ask('WATCH', `/w/11|other${token}|`), 'OK');
    },
  },
];

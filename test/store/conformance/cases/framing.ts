import assert from 'node:assert/strict';
import { describeReply, rawFrame } from '../../../support/rawConnection';
import { XsType } from '../../../../server/wire/xsMessage';
import type { ConformanceCase } from '../conformance';

const leftOver = 'It answers with whatever error was left over from the request before.';

/** Operations whose payload is one path and nothing else. */
const pathOnly = ['READ', 'DIRECTORY', 'MKDIR', 'RM', 'GET_PERMS'] as const;

function malformed(text: string): [what: string, payload: string][] {
  return [
    ['without payload', ''],
    ['without NUL', text],
    ['with two NULs', `${text}||`],
    ['with bytes after the NUL', `${text}|x`],
    ['with two texts', `${text}|x|`],
  ];
}

export const framingCases: ConformanceCase[] = [
  {
    id: 1,
    behaviour: 'a request sent one byte per write gets one correct reply',
    async run(target) {
      const dom0 = await target.dom0();
      await dom0.ok('WRITE', '/slow|value');
      const frame = rawFrame({ type: 'READ', payload: '/slow|', reqId: 4711 });
      for (const byte of frame) dom0.sendBytes(Buffer.of(byte));
      const reply = await dom0.reply();
      assert.deepEqual([reply.type, reply.reqId, describeReply(reply)], [XsType.READ, 4711, 'value']);
      assert.equal(await dom0.ask('READ', '/slow|'), 'value', 'no second reply waits in the stream');
    },
  },
  {
    id: 2,
    behaviour: 'five requests in one segment get five replies in the same order',
    async run(target) {
      const dom0 = await target.dom0();
      for (const n of [1, 2, 3, 4, 5]) await dom0.ok('WRITE', `/five/${n}|value ${n}`);
      const asked = [3, 1, 5, 2, 4];
      dom0.sendBytes(
        Buffer.concat(asked.map((n) => rawFrame({ type: 'READ', payload: `/five/${n}|`, reqId: 100 + n }))),
      );
      for (const n of asked) {
        const reply = await dom0.reply();
        assert.deepEqual([reply.reqId, describeReply(reply)], [100 + n, `value ${n}`]);
      }
    },
  },
  {
    id: 3,
    behaviour: 'any req_id is echoed: 0, 0xFFFFFFFF, and the same one twice',
    async run(target) {
      const dom0 = await target.dom0();
      for (const reqId of [0, 0xffffffff, 7, 7]) dom0.send({ type: 'DIRECTORY', payload: '/|', reqId });
      const echoed: number[] = [];
      for (let n = 0; n < 4; n++) echoed.push((await dom0.reply()).reqId);
      assert.deepEqual(echoed, [0, 0xffffffff, 7, 7]);
    },
  },
  {
    id: 4,
    behaviour: 'unknown types and those of the server get ENOSYS, and the connection stays usable',
    async run(target) {
      const dom0 = await target.dom0();
      for (const type of [15, 16, 20, 27, 255, 65535, 0xffffffff]) {
        assert.equal(await dom0.ask(type, '/|'), 'ERROR ENOSYS', `type ${type}`);
        assert.equal(await dom0.ask(type), 'ERROR ENOSYS', `type ${type} without payload`);
      }
      assert.equal(await dom0.ask('READ', '/tool/xenstored|'), '');
    },
  },
  {
    id: 5,
    behaviour: 'a length over 4096 closes the connection without a reply and leaves the others alone',
    async run(target) {
      const bystander = await target.dom0();
      await bystander.ok('WRITE', '/by|stander');
      for (const len of [4097, 0x7fffffff, 0x80000000, 0xffffffff]) {
        const offender = await target.dom0();
        offender.send({ type: 'READ', payload: '/by|', len });
        assert.deepEqual(await offender.untilClosed(), [], `len ${len}`);
        assert.equal(await bystander.ask('READ', '/by|'), 'stander');
      }
    },
  },
  {
    id: 6,
    behaviour: 'a payload of exactly 4096 bytes with an over-long path is EINVAL, not a disconnect',
    async run(target) {
      const dom0 = await target.dom0();
      assert.equal(await dom0.ask('READ', `/${'a'.repeat(4094)}|`), 'ERROR EINVAL');
      assert.equal(await dom0.ask('READ', '/tool/xenstored|'), '');
    },
  },
  {
    id: 7,
    behaviour: 'a WRITE may fill the payload to its last byte and reads back whole',
    async run(target) {
      const dom0 = await target.dom0();
      const value = Buffer.alloc(4092, 'xenstore');
      await dom0.ok('WRITE', Buffer.concat([Buffer.from('/mx\0'), value]));
      assert.deepEqual((await dom0.rpc('READ', '/mx|')).payload, value);
    },
  },
  {
    id: 8,
    behaviour: 'READ and DIRECTORY without payload are EINVAL',
    notOnXen417: leftOver,
    async run(target) {
      const dom0 = await target.dom0();
      assert.equal(await dom0.ask('READ'), 'ERROR EINVAL');
      assert.equal(await dom0.ask('DIRECTORY'), 'ERROR EINVAL');
    },
  },
  {
    id: 8,
    behaviour: 'a request without payload is answered without waiting for more bytes',
    async run(target) {
      const dom0 = await target.dom0();
      for (const type of ['READ', 'DIRECTORY', 'GET_PERMS', 'RM', 'WRITE', 'WATCH', 'SET_PERMS'] as const) {
        assert.match(await dom0.ask(type), /^ERROR E[A-Z]+$/, type);
      }
    },
  },
  {
    id: 9,
    behaviour: 'a path that is not one text ending in the only NUL is EINVAL',
    notOnXen417: leftOver,
    async run(target) {
      const dom0 = await target.dom0();
      await dom0.ok('WRITE', '/one|value');
      for (const [what, payload] of malformed('/one')) {
        for (const type of pathOnly)
          assert.equal(await dom0.ask(type, payload), 'ERROR EINVAL', `${type} ${what}`);
      }
    },
  },
  {
    id: 9,
    behaviour: 'a path that is not one text ending in the only NUL is refused, and nothing happens',
    async run(target) {
      const dom0 = await target.dom0();
      await dom0.ok('WRITE', '/one|value');
      for (const [what, payload] of malformed('/one')) {
        for (const type of pathOnly)
          assert.match(await dom0.ask(type, payload), /^ERROR E/, `${type} ${what}`);
      }
      assert.equal(await dom0.ask('READ', '/one|'), 'value');
    },
  },
  {
    id: 9,
    behaviour: 'a domid that is not one text ending in the only NUL is EINVAL',
    async run(target) {
      const dom0 = await target.dom0();
      for (const [what, payload] of malformed('1')) {
        for (const type of ['GET_DOMAIN_PATH', 'RELEASE', 'RESUME', 'IS_DOMAIN_INTRODUCED'] as const) {
          assert.equal(await dom0.ask(type, payload), 'ERROR EINVAL', `${type} ${what}`);
        }
      }
    },
  },
  {
    id: 9,
    behaviour: 'a WRITE needs a NUL after the path; the lists ignore what follows their last NUL',
    async run(target) {
      const dom0 = await target.dom0();
      assert.equal(await dom0.ask('WRITE', '/w'), 'ERROR EINVAL');
      assert.equal(await dom0.ask('WRITE', ''), 'ERROR EINVAL');
      await dom0.ok('WATCH', '/w|token|rest');
      assert.deepEqual(await dom0.takeEvents(), ['/w|token']);
      await dom0.ok('UNWATCH', '/w|token|rest');
    },
  },
  {
    id: 10,
    behaviour: 'a value is octets: NULs inside are kept and none is added',
    async run(target) {
      const dom0 = await target.dom0();
      const value = Buffer.from('a\0b\0\xff', 'latin1');
      await dom0.ok('WRITE', Buffer.concat([Buffer.from('/octets\0'), value]));
      assert.deepEqual((await dom0.rpc('READ', '/octets|')).payload, value);
    },
  },
  {
    id: 11,
    behaviour: 'a trailing NUL belongs to the value; an empty value reads as zero bytes',
    async run(target) {
      const dom0 = await target.dom0();
      await dom0.ok('WRITE', '/nul|value|');
      assert.deepEqual((await dom0.rpc('READ', '/nul|')).payload, Buffer.from('value\0'));
      await dom0.ok('WRITE', '/nul|');
      const reply = await dom0.rpc('READ', '/nul|');
      assert.deepEqual([reply.type, reply.payload.length], [XsType.READ, 0]);
    },
  },
  {
    id: 12,
    behaviour: 'a client that goes away in the middle of a header or a payload harms nobody',
    async run(target) {
      const bystander = await target.dom0();
      const frame = rawFrame({ type: 'WRITE', payload: '/half|never finished' });
      for (const sentBytes of [1, 7, 15, 16, 20, frame.length - 1]) {
        const leaver = await target.dom0();
        leaver.sendBytes(frame.subarray(0, sentBytes));
        leaver.close();
        assert.equal(await bystander.ask('READ', '/half|'), 'ERROR ENOENT', `after ${sentBytes} bytes`);
      }
    },
  },
];

/** What a person writes for a command of PV Calls, made into a slot or refused field by field. */
import assert from 'node:assert/strict';
import { readDraft } from '../../server/act/pvcalls/draft';
import type { DraftContext } from '../../server/act/pvcalls/draft';
import { composerForms } from '../../server/act/pvcalls/forms';
import type { ComposerCommand, ComposerDraft } from '../../server/act/pvcalls/plan';
import { parsePvCallsRequest } from '../../server/wire/pvcalls/slots';

const context: DraftContext = {
  newId: 9n,
  reqId: 5,
  minOrder: 1,
  maxOrder: 6,
  kept: [{ ref: 77, order: 3 }],
};
const read = (command: ComposerCommand, fields: Record<string, string> = {}) =>
  readDraft({ kind: 'fields', command, fields }, context);
const requestOf = (command: ComposerCommand, fields: Record<string, string> = {}) => {
  const { problems, prepared } = read(command, fields);
  assert.deepEqual(problems, []);
  return parsePvCallsRequest(prepared!.slotFor({ ref: 1000, evtchn: 2000 }));
};
const problemsOf = (command: ComposerCommand, fields: Record<string, string>) =>
  Object.fromEntries(read(command, fields).problems.map(({ field, text }) => [field, text]));

describe('a draft of a command of PV Calls', () => {
  it('needs nothing but what cannot be guessed', () => {
    assert.deepEqual(requestOf('socket'), {
      cmd: 'socket',
      reqId: 5,
      id: 9n,
      domain: 2,
      type: 1,
      protocol: 0,
    });
    const connect = requestOf('connect', { id: '3', address: '10.0.0.1:443' });
    assert.ok(connect.cmd === 'connect');
    assert.deepEqual([connect.ref, connect.evtchn, connect.flags], [1000, 2000, 0]);
    assert.equal(connect.addressLengthBytes, 16);
    assert.equal(Buffer.from(connect.address).toString('hex'), `020001bb0a000001${'00'.repeat(20)}`);
    assert.deepEqual(requestOf('release', { id: '3' }), { cmd: 'release', reqId: 5, id: 3n, reuse: false });
    assert.deepEqual(requestOf('listen', { id: '3' }), { cmd: 'listen', reqId: 5, id: 3n, backlog: 16 });
    const accept = requestOf('accept', { id: '3' });
    assert.deepEqual(accept, { cmd: 'accept', reqId: 5, id: 3n, newId: 9n, ref: 1000, evtchn: 2000 });
  });

  it('has numbers of 64 bits, also in hexadecimal', () => {
    const id = (text: string) => {
      const request = requestOf('poll', { id: text });
      return request.cmd === 'poll' ? request.id : undefined;
    };
    assert.equal(id('18446744073709551615'), 2n ** 64n - 1n);
    assert.equal(id('0xffffffffffffffff'), 2n ** 64n - 1n);
    assert.equal(id(' 7 '), 7n);
    for (const text of ['18446744073709551616', '-1', '1.5', 'x', '0x', '99999999999999999999', '']) {
      assert.ok(problemsOf('poll', { id: text })['id'], text);
    }
  });

  it('asks for rings of an order that the backend offers, or kept ones', () => {
    const rings = (fields: Record<string, string>) =>
      read('connect', { id: '1', address: '1.2.3.4:5', ...fields }).prepared?.rings;
    assert.deepEqual([rings({})?.order, rings({ order: '6' })?.order], [4, 6]);
    assert.deepEqual([rings({ pages: '77' })?.order, rings({ pages: '77' })?.kept], [3, 77]);
    for (const order of ['0', '7', '200', 'x']) assert.equal(rings({ order }), undefined, order);
    assert.match(
      problemsOf('connect', { id: '1', address: '1.2.3.4:5', order: '7' })['order']!,
      /must be from 1 to 6, which is what the backend offers/,
    );
    assert.match(
      problemsOf('accept', { id: '1', pages: '77', order: '2' })['order']!,
      /pages that were kept are of order 3/,
    );
    assert.match(problemsOf('accept', { id: '1', pages: '78' })['pages']!, /no kept pages/);
  });

  it('lets raw fields through as they are written', () => {
    const { prepared } = read('connect', {
      id: '1',
      address: '1.2.3.4:5',
      reqId: '0xffffffff',
      ref: '1',
      evtchn: '4294967295',
      ringOrder: '200',
      addressLength: '4000',
      family: '0xffff',
    });
    const request = parsePvCallsRequest(prepared!.slotFor({ ref: 1000, evtchn: 2000 }));
    assert.ok(request.cmd === 'connect');
    assert.deepEqual(
      [request.reqId, request.ref, request.evtchn, request.addressLengthBytes, request.address[0]],
      [0xffffffff, 1, 0xffffffff, 4000, 255],
    );
    assert.equal(prepared!.rings!.ringOrder, 200);
    const bytes = requestOf('bind', { id: '1', addressBytes: '0a 00\n1f90' });
    assert.ok(bytes.cmd === 'bind');
    assert.equal(Buffer.from(bytes.address).toString('hex'), `0a001f90${'00'.repeat(24)}`);
  });

  it('says in one sentence what is wrong with each field', () => {
    assert.deepEqual(
      problemsOf('connect', { id: 'a', address: '1.2.3:80', flags: '4294967296', addressLength: '-1' }),
      {
        id: '“Socket” must be a whole number of 64 bits at most, also in hexadecimal behind 0x.',
        address: '“Address” is none of IPv4: write four numbers and a port, e.g. 127.0.0.1:80.',
        flags: '“Flags” must be a whole number from 0 to 4294967295, also in hexadecimal behind 0x.',
        addressLength: '“len” must be a whole number from 0 to 4294967295, also in hexadecimal behind 0x.',
      },
    );
    assert.match(problemsOf('release', { id: '1', reuse: 'yes' })['reuse']!, /must be 0 or 1/);
    assert.match(
      problemsOf('bind', { id: '1', addressBytes: 'abc' })['addressBytes']!,
      /pairs of hexadecimal/,
    );
    assert.match(
      problemsOf('bind', { id: '1', addressBytes: '00'.repeat(29) })['addressBytes']!,
      /has room for 28 bytes, and these are 29/,
    );
    assert.match(problemsOf('bind', { id: '1', address: '1.2.3.4:65536' })['address']!, /IPv4/);
  });

  it('never throws, whatever it holds', () => {
    const odd = [
      '',
      ' ',
      '0x',
      '-0',
      '1e3',
      '\u0000',
      '９',
      'NaN',
      '0x1'.repeat(5000),
      '__proto__',
      '255.255.255.255:65535',
    ];
    for (const { command, fields } of composerForms) {
      for (const value of odd) {
        for (const { name } of fields) {
          const { problems, prepared } = read(command, { [name]: value });
          assert.equal(problems.length === 0, prepared !== undefined);
          assert.equal(prepared?.slotFor(undefined).length ?? 64, 64);
        }
      }
    }
    const nonsense = { kind: 'fields', command: 'constructor', fields: {} } as unknown as ComposerDraft;
    assert.match(readDraft(nonsense, context).problems[0]!.text, /no such command/);
    for (const slot of ['', '00', 'zz', '0'.repeat(129), ' 0x00 01\n02 '])
      readDraft({ kind: 'raw', slot }, context);
  });
});

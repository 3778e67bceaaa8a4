import assert from 'node:assert/strict';
import { rawFrame } from '../../support/rawConnection';
import { read, short, watchRings } from './watchRings';

describe('the view of a ring', () => {
  for (const startIndex of [0, 900, 2 ** 32 - 100]) {
    it(`shows what waits and what was consumed, from index ${startIndex} on`, () => {
      const { clock, subscribe, page, watch } = watchRings({ startIndex });
      subscribe();
      clock.tick(100);
      for (let reqId = 1; reqId <= 8; reqId++) page.pass('req', read(reqId));
      page.produce('req', read(9));
      page.produce('req', read(10));
      clock.tick(100);
      const view = watch.detail('xenstore:1')!;
      assert.deepEqual(short(view.details[0]!), {
        queued: ['READ 9', 'READ 10'],
        consumed: ['READ 8', 'READ 7', 'READ 6', 'READ 5', 'READ 4', 'READ 3', 'READ 2', 'READ 1'],
      });
      const [nine] = view.details[0]!.queued;
      assert.deepEqual(
        [nine!.index, nine!.bytes, nine!.wholeBytes, nine!.text, nine!.doubtful],
        [(startIndex + 8 * 37) >>> 0, 37, 37, '/local/domain/3/name|', false],
      );
      assert.deepEqual(short(view.details[1]!), { queued: [], consumed: [] });
    });
  }

  it('digs out what was consumed before anybody looked', () => {
    const { clock, subscribe, page, watch } = watchRings();
    for (let reqId = 1; reqId <= 100; reqId++) page.pass('req', read(reqId));
    page.produce('req', read(101));
    subscribe();
    clock.tick(0);
    const { queued, consumed } = watch.detail('xenstore:1')!.details[0]!;
    assert.deepEqual(
      queued.map(({ reqId }) => reqId),
      [101],
    );
    // 27 requests of 37 bytes fit into the array; the oldest of them is the rest of one.
    assert.deepEqual(
      consumed.map(({ reqId }) => reqId),
      Array.from({ length: 26 }, (_, at) => 100 - at),
    );
  });

  it('shows half of a great message as the head of what waits', () => {
    const { clock, subscribe, page, watch } = watchRings();
    subscribe();
    clock.tick(100);
    const write = rawFrame({ type: 'WRITE', reqId: 7, txId: 3, payload: `/big|${'x'.repeat(4_000)}` });
    for (let at = 0; at < 2_000; at += 1_000) {
      page.consume('req');
      page.produce('req', write.subarray(at, at + 1_000));
      clock.tick(100);
    }
    const { queued } = watch.detail('xenstore:1')!.details[0]!;
    assert.equal(queued.length, 1);
    const { type, reqId, txId, wholeBytes, text } = queued[0]!;
    assert.deepEqual(
      [type, reqId, txId, wholeBytes, text.slice(0, 8)],
      ['WRITE', 7, 3, write.length, '/big|xxx'],
    );
  });

  const write = (reqId: number, bytes: number) =>
    rawFrame({ type: 'WRITE', reqId, payload: `/flood|${'x'.repeat(bytes - 16 - 7)}` });

  it('knows the head of a full ring whose header was overwritten meanwhile', () => {
    for (const startIndex of [0, 900, 2 ** 32 - 100]) {
      const { clock, subscribe, page, watch } = watchRings({ startIndex });
      subscribe();
      clock.tick(100);
      page.produce('req', Buffer.concat([write(1, 331), write(2, 331), write(3, 331)]));
      page.produce('req', write(4, 31));
      clock.tick(100);
      page.consume('req', 31);
      page.produce('req', write(5, 31));
      clock.tick(100);
      const { queued, consumed, unseenBytes } = watch.detail('xenstore:1')!.details[0]!;
      assert.deepEqual(
        queued.map(({ type, reqId, bytes, wholeBytes, doubtful }) => [
          type,
          reqId,
          bytes,
          wholeBytes,
          doubtful,
        ]),
        [
          ['WRITE', 1, 300, 331, false],
          ['WRITE', 2, 331, 331, false],
          ['WRITE', 3, 331, 331, false],
          ['WRITE', 4, 31, 31, false],
          ['WRITE', 5, 31, 31, false],
        ],
      );
      assert.deepEqual([queued[0]!.index, queued[0]!.text.slice(0, 8)], [startIndex, '/flood|x']);
      assert.deepEqual([consumed, unseenBytes], [[], 0]);
    }
  });

  it('forgets the head of a ring with its last byte, and with a reconnect', () => {
    const { clock, subscribe, page, watch } = watchRings();
    subscribe();
    clock.tick(100);
    page.produce('req', Buffer.concat([write(1, 600), write(2, 424)]));
    clock.tick(100);
    page.consume('req', 599);
    page.produce('req', write(3, 599));
    clock.tick(100);
    const queued = () =>
      watch
        .detail('xenstore:1')!
        .details[0]!.queued.map(({ type, reqId, bytes }) => `${type} ${reqId} ${bytes}`);
    assert.deepEqual(queued(), ['WRITE 1 1', 'WRITE 2 424', 'WRITE 3 599']);
    page.consume('req', 1);
    clock.tick(100);
    assert.deepEqual(queued(), ['WRITE 2 424', 'WRITE 3 599']);
    page.setWord('connection', 1);
    clock.tick(100);
    page.setPair('req', 0, 0);
    page.setWord('connection', 0);
    page.produce('req', write(9, 40));
    clock.tick(100);
    assert.deepEqual(queued(), ['WRITE 9 40']);
  });

  it('shows bytes that are no message as what they are', () => {
    const { clock, subscribe, page, watch } = watchRings();
    page.produce('req', Buffer.alloc(50, 0xff));
    subscribe();
    clock.tick(0);
    const { queued } = watch.detail('xenstore:1')!.details[0]!;
    assert.deepEqual(
      queued.map(({ type, bytes, doubtful }) => [type, bytes, doubtful]),
      [['?', 50, true]],
    );
  });

  it('counts what passed unseen', () => {
    const { clock, subscribe, page, watch } = watchRings();
    subscribe();
    clock.tick(100);
    for (let reqId = 1; reqId <= 1_000; reqId++) page.pass('req', read(reqId));
    clock.tick(100);
    const { producedBytes, consumedBytes, unseenBytes, resets } = watch.detail('xenstore:1')!.details[0]!;
    assert.deepEqual(
      [producedBytes, consumedBytes, unseenBytes, resets],
      [37_000, 37_000, 37_000 - 1_024, 0],
    );
  });

  it('reads no packets by indices that cannot be, and none during a reconnect', () => {
    const { clock, subscribe, page, watch } = watchRings();
    subscribe();
    page.pass('req', read(1));
    page.setWord('rsp_prod', 0x12345678);
    clock.tick(100);
    assert.deepEqual(short(watch.detail('xenstore:1')!.details[1]!), { queued: [], consumed: [] });
    page.setWord('connection', 1);
    clock.tick(100);
    const view = watch.detail('xenstore:1')!;
    assert.deepEqual(short(view.details[0]!), { queued: [], consumed: [] });
    assert.deepEqual(
      [view.row.directions[1]!.prod, view.row.directions[1]!.insane, view.row.verdict.rule],
      [0x12345678, false, 'reconnecting'],
    );
  });

  it('says nothing of what waits while a reconnect is stuck, however the indices stand', () => {
    const { clock, subscribe, page, last, watch } = watchRings();
    subscribe();
    page.produce('req', Buffer.alloc(700, 5));
    clock.tick(100);
    const told = () =>
      last().rings[0]!.directions.map(({ usedBytes, insane, unknown }) => [usedBytes, insane, unknown]);
    assert.deepEqual(told()[0], [700, false, false]);
    page.setWord('connection', 1);
    for (let second = 0; second < 5; second++) {
      clock.tick(1_000);
      assert.deepEqual(told(), [
        [0, false, true],
        [0, false, true],
      ]);
    }
    const { segments } = watch.detail('xenstore:1')!;
    assert.ok(!segments.some(({ role }) => role === 'queued'));
    assert.equal(watch.strip('xenstore:1')!.directions[0]!.usedBytes.at(-1), null);
    page.setPair('req', 0, 0);
    page.setWord('connection', 0);
    clock.tick(100);
    assert.deepEqual(told()[0], [0, false, false]);
  });

  it('shows the text of a console', () => {
    const { clock, subscribe, pages, watch } = watchRings();
    pages[1]!.pass('out', Buffer.from('Linux version 6.1\nup\r\n'));
    pages[1]!.produce('out', Buffer.from('\n\tlogin: '));
    subscribe();
    clock.tick(0);
    const told = () => {
      const { queued, consumed } = watch.detail('console:2')!.details[1]!;
      return [queued, consumed].map((lines) =>
        lines.map(({ index, bytes, text, doubtful }) => [index, bytes, text, doubtful]),
      );
    };
    assert.deepEqual(told(), [
      [
        [22, 1, '', false],
        [23, 8, '·login: ', false],
      ],
      [
        [18, 4, 'up', false],
        [0, 18, 'Linux version 6.1', false],
      ],
    ]);
    pages[1]!.consume('out');
    pages[1]!.pass('out', Buffer.from('x'.repeat(2_040) + '\nlast\n'));
    clock.tick(1_000);
    const [queued, consumed] = told();
    assert.deepEqual([queued, consumed!.length], [[], 2]);
    assert.deepEqual(consumed![0], [2_072, 5, 'last', false]);
    // What is left of the line before stands at its beginning.
    assert.deepEqual([consumed![1]![1], consumed![1]![3]], [2_043, true]);
  });

  it('says what each word means', () => {
    const { clock, subscribe, page, watch } = watchRings();
    page.setWord('server_features', 14);
    page.setWord('error', 3);
    page.inside = { pendingToServer: true, pendingToGuest: false, toldServer: 0, toldGuest: 0 };
    subscribe();
    clock.tick(0);
    const view = watch.detail('xenstore:1')!;
    const says = Object.fromEntries(view.words.map(({ name, says: what }) => [name, what]));
    assert.equal(says.server_features, 'error word, watch depth, permissions for every domain');
    assert.equal(says.error, 'a message broke the protocol');
    assert.equal(says.connection, 'connected');
    assert.deepEqual(view.pending, { toServer: true, toGuest: false });
    assert.equal(watch.detail('console:2')!.pending, undefined);
  });

  it('says which byte of the page is what, without gaps', () => {
    const { clock, subscribe, page, watch } = watchRings({ startIndex: 1_000 });
    page.produce('req', Buffer.alloc(100, 5));
    subscribe();
    clock.tick(0);
    for (const id of ['xenstore:1', 'console:2']) {
      const view = watch.detail(id)!;
      let end = 0;
      for (const segment of view.segments) {
        assert.equal(segment.start, end);
        assert.ok(segment.end > segment.start);
        end = segment.end;
      }
      assert.equal(end, Buffer.from(view.page, 'base64').length);
    }
    const { segments } = watch.detail('xenstore:1')!;
    assert.deepEqual(
      segments.filter(({ role }) => role === 'queued').map(({ start, end, name }) => [start, end, name]),
      [
        [0, 76, 'req'],
        [1_000, 1_024, 'req'],
      ],
    );
  });
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createReadStream, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  connectTo,
  domainOfPath,
  parseRingSizes,
  ringSizes,
  shortPath,
  usualPath,
  hostText,
  parseDomid,
  withEngine,
} from '../../extension/vchan/plan';
import { keptVchan } from '../../extension/vchan/kept';
import {
  type RecordFormat,
  Recording,
  behindBytes,
  logText,
  maxWaitingBytes,
} from '../../extension/console/recording';

describe('what the page of a vchan has kept', () => {
  const plan = { role: 'client', peer: 3, path: '/local/domain/3/data/vchan/0/513' };
  const end = {
    host: 'simulator',
    subject: { kind: 'end', plan },
    lines: ['It connects.'],
    names: [[3, 'web (3)']],
  };
  const watched = { ...end, subject: { kind: 'watch', ring: 'vchan:3:28' }, client: 5, names: [] };

  it('brings its panel back, beside the draft', () => {
    assert.equal(keptVchan({ text: 'typed', kept: end }), end);
    assert.equal(keptVchan({ kept: watched }), watched);
  });

  it('brings nothing back where it is something else', () => {
    for (const part of [
      { host: undefined },
      { subject: { kind: 'watch' } },
      { subject: { kind: 'end', plan: { ...plan, role: 'both' } } },
      { subject: { kind: 'end', plan: { ...plan, peer: '3' } } },
      { subject: { kind: 'end' } },
      { lines: [] },
      { lines: [1] },
      { names: [[3]] },
      { names: undefined },
      { client: 'web' },
    ])
      assert.equal(keptVchan({ kept: { ...end, ...part } }), undefined, JSON.stringify(part));
    for (const none of [undefined, null, {}, { text: 'typed' }]) assert.equal(keptVchan(none), undefined);
  });
});

describe('the plan of a vchan', () => {
  it('has rings of the sizes that are written', () => {
    assert.deepEqual(parseRingSizes('4096'), { leftBytes: 4096, rightBytes: 4096 });
    assert.deepEqual(parseRingSizes(' 1k, 1M '), { leftBytes: 1024, rightBytes: 1_048_576 });
    for (const wrong of ['', 'big', '4096 x', '1 2 3', '-1', '1.5k', '99999999']) {
      assert.match(String(parseRingSizes(wrong)), /is no size of a ring: write bytes, such as 4096/, wrong);
    }
    for (const { leftBytes, rightBytes } of ringSizes) assert.ok(Math.max(leftBytes, rightBytes) <= 2 ** 20);
  });

  it('is offered where nobody offers one yet', () => {
    assert.equal(usualPath(5, []), 'data/vchan/5/console-1');
    const taken = { path: '/local/domain/3/data/vchan/5/console-1', server: 3 };
    assert.equal(usualPath(5, [taken]), 'data/vchan/5/console-2');
  });

  it('takes the numbers of domains that can be', () => {
    assert.deepEqual(['0', ' 7 ', '32751'].map(parseDomid), [0, 7, 32751]);
    for (const text of ['', 'web', '-1', '1.5', '32752', '123456']) assert.equal(parseDomid(text), undefined);
  });

  it('says where libxenvchan moves the bytes, and where it was asked for in vain', () => {
    assert.equal(hostText('Simulator', true, undefined), 'Simulator');
    assert.equal(hostText('Xen', false, 'own'), 'Xen');
    assert.equal(hostText('Xen', false, 'libxenvchan'), 'Xen, by libxenvchan');
    assert.match(hostText('Simulator', true, 'libxenvchan'), /^Simulator, without libxenvchan: it needs/);
  });

  it('connects to what is offered, as the domain for which it is', () => {
    const path = '/local/domain/3/data/vchan/5/513';
    const offer = { path, server: 3, client: 5 };
    assert.deepEqual(connectTo(offer, 5), { role: 'client', peer: 3, path, actAs: 5 });
    assert.deepEqual(connectTo(offer, undefined), { role: 'client', peer: 3, path });
    assert.deepEqual(withEngine(connectTo(offer, undefined), 'own'), connectTo(offer, undefined));
    assert.equal(withEngine(connectTo(offer, undefined), 'libxenvchan').engine, 'libxenvchan');
    assert.equal(shortPath(path), 'data/vchan/5/513');
    assert.equal(domainOfPath(path), 3);
    assert.equal(domainOfPath('data/vchan/5/513'), undefined);
  });
});

describe('a recorded vchan', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'xenscope-vchan-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const listener = { failed: assert.fail, behind: () => undefined };
  const raw: RecordFormat = { kind: 'raw', way: 'received' };

  const recorded = async (format: RecordFormat): Promise<string> => {
    const file = path.join(folder, format.kind);
    const recording = new Recording(file, format, listener);
    recording.note('Open.', 0);
    recording.add('sent', Buffer.from('ping'), 0);
    recording.add('received', Buffer.from('pong'), 0);
    await recording.end(0);
    return readFileSync(file, 'latin1');
  };

  it('is a log of both directions, or the bytes of one as they are', async () => {
    assert.equal(await recorded(raw), 'pong');
    assert.match(
      await recorded({ kind: 'log' }),
      /^# .* Open\.\n# .* sent 4 bytes\n.*ping\n# .* received 4 bytes\n.*pong\n$/,
    );
  });

  it('is for nobody else to read', async () => {
    await recorded(raw);
    assert.equal(statSync(path.join(folder, 'raw')).mode & 0o777, 0o600);
  });

  it('says once that its file cannot be written', async () => {
    const errors: Error[] = [];
    const recording = new Recording(
      path.join(folder, 'none', 'file'),
      { kind: 'log' },
      { ...listener, failed: (error) => errors.push(error) },
    );
    recording.add('sent', Buffer.from('lost'), 0);
    await recording.end(0);
    assert.deepEqual(
      errors.map((error) => (error as NodeJS.ErrnoException).code),
      ['ENOENT'],
    );
  });

  if (process.platform !== 'win32') {
    /** Of a pipe nothing is taken before somebody reads it. */
    it('has the other side wait for a slow file, then drops what is too much, and says how much', async () => {
      const file = path.join(folder, 'pipe');
      execFileSync('mkfifo', [file]);
      const told: boolean[] = [];
      let caughtUp = () => undefined as unknown;
      const isCaughtUp = new Promise((resolve) => (caughtUp = () => resolve(undefined)));
      const behind = (isBehind: boolean) => (told.push(isBehind), isBehind || caughtUp());
      const recording = new Recording(file, raw, { ...listener, behind });
      const piece = Buffer.alloc(1024 * 1024, 'x');
      const pieces = 2 * (maxWaitingBytes / piece.length);
      for (let count = 0; count < behindBytes / piece.length; count++) recording.add('received', piece, 0);
      assert.deepEqual(told, [true]);
      for (let count = behindBytes / piece.length; count < pieces; count++)
        recording.add('received', piece, 0);
      assert.equal(recording.droppedBytes, pieces * piece.length - maxWaitingBytes);
      let readBytes = 0;
      const reader = createReadStream(file).on('data', (bytes) => (readBytes += bytes.length));
      const read = new Promise<void>((resolve) => reader.once('end', () => resolve()));
      await isCaughtUp;
      await recording.end(0);
      await read;
      assert.equal(readBytes, maxWaitingBytes);
      assert.deepEqual(told, [true, false]);
    });
  }

  it('has a line of what it is, then its bytes twice', () => {
    const text = logText('received', Buffer.from('hello\n'), 0);
    assert.equal(text, '# 1970-01-01T00:00:00.000Z received 6 bytes\n0000: 68 65 6c 6c 6f 0a  | hello.\n');
    assert.match(logText('sent', Buffer.from('x'), 0), /sent 1 byte\n/);
  });
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { formatKiB, meaningOf } from '../../server/model/meaning';
import { compareNames } from '../../server/model/naturalOrder';
import { permsText } from '../../server/model/permsText';
import { escapeAsXenstoreLs, isText, maxPreviewCharacters, previewValue } from '../../server/model/preview';

const nameDomain = (domid: number) =>
  domid === 3 ? 'web (3)' : domid === 0 ? 'Domain-0 (0)' : `domain ${domid}`;
const meaning = (path: string, value: string) => meaningOf(path, Buffer.from(value), nameDomain);

describe('meaning of a value', () => {
  it('names the state of a device, wherever the toolstack keeps it', () => {
    for (const path of [
      '/local/domain/3/device/vif/0/state',
      '/local/domain/0/backend/vif/3/0/state',
      '/local/domain/3/console/state',
    ]) {
      assert.deepEqual(meaning(path, '4'), { kind: 'state', text: 'Connected' }, path);
    }
    assert.equal(meaning('/local/domain/3/device/vif/0/state', '9'), undefined);
    assert.equal(meaning('/local/domain/3/data/state', '4'), undefined);
  });

  it("takes libxl's copy of a device for no state: nobody writes it again", () => {
    assert.deepEqual(meaning('/libxl/3/device/vbd/51712/state', '1'), {
      kind: 'note',
      text: "libxl's copy from creation",
    });
  });

  it('names a domain by its number', () => {
    assert.deepEqual(meaning('/local/domain/0/backend/vif/3/0/frontend-id', '3'), {
      kind: 'domain',
      domid: 3,
      text: 'web (3)',
    });
    assert.deepEqual(meaning('/local/domain/3/device/vif/0/backend-id', '7')?.kind, 'domain');
    assert.equal(meaning('/local/domain/3/domid', 'three'), undefined);
    assert.equal(meaning('/local/domain/3/domid', '65536'), undefined);
  });

  it('follows the path of a node, not that of a file', () => {
    const path = '/local/domain/0/backend/vif/3/0';
    assert.deepEqual(meaning('/local/domain/3/device/vif/0/backend', path), { kind: 'path', path });
    assert.equal(meaning('/local/domain/3/console/tty', '/dev/pts/0'), undefined);
    assert.equal(meaning('/x', '/local/domain/3/'), undefined);
    assert.equal(meaning('/local', '/'), undefined);
  });

  it('reads sizes, times and switches', () => {
    assert.deepEqual(meaning('/local/domain/3/memory/target', '196608'), { kind: 'note', text: '192 MiB' });
    assert.deepEqual(meaning('/vm/0/start_time', '1717171717.25'), {
      kind: 'note',
      text: '2024-05-31 16:08:37 UTC',
    });
    assert.deepEqual(meaning('/libxl/3/device/vbd/51712/online', '1'), { kind: 'note', text: 'yes' });
    assert.deepEqual(meaning('/libxl/3/device/vbd/51712/removable', '0'), { kind: 'note', text: 'no' });
    assert.equal(meaning('/libxl/3/device/vbd/51712/online', '2'), undefined);
    assert.equal(formatKiB(1), '1 KiB');
    assert.equal(formatKiB(1536), '1.5 MiB');
    assert.equal(formatKiB(1024 ** 4), '1024 TiB');
  });

  it('takes any octets under any name', () => {
    const anyPath = fc.constantFrom(
      '/a/state',
      '/local/domain/1/device/vif/0/state',
      '/memory/target',
      '/vm/x/start_time',
    );
    fc.assert(
      fc.property(anyPath, fc.uint8Array({ maxLength: 64 }), (path, value) => {
        meaningOf(path, value, nameDomain);
      }),
    );
  });
});

describe('preview of a value', () => {
  const preview = (value: string | number[]) => previewValue(Buffer.from(value as never));

  it('is one line of printable text', () => {
    assert.equal(preview('plain'), 'plain');
    assert.equal(preview('two\nlines\0'), 'two\\x0alines\\x00');
    assert.equal(preview('Grüße, 世界 🙂'), 'Grüße, 世界 🙂');
    assert.equal(preview([0xff, 0xfe, 0x41]), '\\xff\\xfeA');
    assert.equal(preview('a\\b'), 'a\\b');
  });

  it('is shortened between characters', () => {
    assert.equal(preview('x'.repeat(maxPreviewCharacters)), 'x'.repeat(maxPreviewCharacters));
    assert.equal(preview('🙂'.repeat(200)), '🙂'.repeat(maxPreviewCharacters) + '…');
  });

  it('never holds a control character, whatever the octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1000 }), (value) => {
        const text = previewValue(value);
        // eslint-disable-next-line no-control-regex
        assert.doesNotMatch(text, /[\x00-\x1f\x7f\u2028\u2029]/);
        assert.ok([...text].length <= maxPreviewCharacters + 1);
      }),
    );
  });

  it('knows text that can be saved again without loss', () => {
    assert.ok(isText(Buffer.from('line\nß\t\r')));
    assert.ok(!isText(Buffer.from([0x41, 0])));
    assert.ok(!isText(Buffer.from([0xc3])));
  });
});

describe('escapes of xenstore-ls', () => {
  it('are those of the tool, octet for octet', () => {
    const octets = Buffer.from([0, 7, 8, 9, 10, 13, 0x1f, 0x20, 0x22, 0x5c, 0x7e, 0x7f, 0xff]);
    assert.equal(escapeAsXenstoreLs(octets), '\\000\\007\\x08\\t\\n\\r\\x1f "\\\\~\\x7f\\xff');
  });
});

describe('natural order of names', () => {
  const sorted = (...names: string[]) => [...names].sort(compareNames);

  it('puts numbers by their value, before words', () => {
    assert.deepEqual(sorted('10', '9', 'vif', '0', 'backend'), ['0', '9', '10', 'backend', 'vif']);
    assert.deepEqual(sorted('queue-10', 'queue-9', 'queue-x', 'queue'), [
      'queue',
      'queue-9',
      'queue-10',
      'queue-x',
    ]);
  });

  it('is an order', () => {
    const name = fc.stringMatching(/^[a-b0-2-]{1,6}$/);
    fc.assert(
      fc.property(name, name, name, (a, b, c) => {
        assert.equal(Math.sign(compareNames(a, b)), -Math.sign(compareNames(b, a)) + 0);
        assert.equal(compareNames(a, b) === 0, a === b);
        if (compareNames(a, b) < 0 && compareNames(b, c) < 0)
          assert.ok(compareNames(a, c) < 0, `${a} ${b} ${c}`);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('permissions in sentences', () => {
  it('name the owner, the listed domains and everyone else', () => {
    const perms = [
      { domid: 3, read: false, write: false },
      { domid: 0, read: true, write: false },
      { domid: 7, read: true, write: true },
    ];
    assert.deepEqual(permsText(perms, nameDomain), [
      'Owned by web (3), who may do everything.',
      'Domain-0 (0) may read.',
      'Domain 7 may read and write.',
      'Everyone else: nothing.',
    ]);
  });

  it('leave out entries that have no effect', () => {
    const perms = [
      { domid: 3, read: true, write: false },
      { domid: 3, read: false, write: false },
      { domid: 0, read: false, write: true },
      { domid: 0, read: true, write: true },
    ];
    assert.deepEqual(permsText(perms, nameDomain), [
      'Owned by web (3), who may do everything.',
      'Domain-0 (0) may write.',
      'Everyone else: read.',
    ]);
  });
});

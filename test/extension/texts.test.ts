import assert from 'node:assert/strict';
import { failures } from '../../extension/errors';
import { texts } from '../../extension/texts';

describe('what is said of a file that cannot be sent', () => {
  it('is why, and what to do', () => {
    const said = (code: string) =>
      failures.fileUnreadable('a.txt', Object.assign(new Error('E: x'), { code })).text;
    assert.equal(said('EISDIR'), '“a.txt” cannot be read: it is a folder. Choose another file.');
    assert.match(said('EACCES'), /you may not read it/);
    assert.match(said('ENOENT'), /not there any more/);
    assert.match(said('EIO'), /E: x\./);
  });
});

describe('what is said above rows that may be old', () => {
  it('is that they are, unless the host is connected', () => {
    const away = { kind: 'away', reason: 'Nobody listens.', retryInMs: 1000 } as const;
    for (const state of [away, { kind: 'idle' }, { kind: 'connecting' }] as const) {
      assert.match(texts.lastSeenShortly(state)!, /: what is shown is what was last seen\.$/);
    }
    assert.equal(texts.lastSeenShortly({ kind: 'connected' }), undefined);
  });
});

describe('what is said of a saved flight recorder', () => {
  it('counts what is in the file, and what was dropped before', () => {
    const saved = { entries: 1_200, droppedEntries: 0, bytes: 9_000 };
    assert.match(texts.journalSaved('a.jsonl', saved), /^1,200 entries saved in a\.jsonl, which is all/);
    assert.match(texts.journalSaved('a.jsonl', { ...saved, droppedEntries: 1 }), /1 older one was dropped/);
    assert.match(
      texts.journalSaved('a.jsonl', { ...saved, entries: 1, droppedEntries: 2 }),
      /^1 entry .* 2 older ones were/,
    );
  });

  it('names the file by host and time', () => {
    assert.equal(
      texts.journalFileName('simulator', new Date(2026, 0, 2, 3, 4)),
      'simulator-2026-01-02-0304.jsonl',
    );
  });
});

/** The flight recorder over the editor API: what a simulated host recorded, in a file. */
import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { readJournalFile } from '../../server/capture/journalFile';
import type { ApiErrorData } from '../../server/rpc/api';
import { Xenstored } from '../../server/store/xenstored';
import { systemClock } from '../../server/cli/systemClock';
import { createWorld, type World } from '../../server/sim/world';
import { Editor, base64, eventually } from './rig';

async function using<T extends { close(): Promise<void> }>(it: T, act: (it: T) => Promise<void>) {
  try {
    await act(it);
  } finally {
    await it.close();
  }
}

describe('the flight recorder over the editor API', function () {
  this.timeout(60_000);
  let editor: Editor;
  let socketPath: string;
  const host = 'simulator';

  beforeEach(async () => {
    editor = new Editor();
    socketPath = editor.path('added');
    await editor.initialize({ sockets: [socketPath] });
  });
  afterEach(() => editor.close());

  const failure = (asked: Promise<unknown>) =>
    asked.then(
      () => assert.fail('it was done'),
      ({ message, data }: { message: string; data: ApiErrorData }) => ({ message, code: data.code }),
    );

  it('saves what passed through the store and what the rings showed, for its owner only', async () => {
    const { recorded } = await editor.ask('xenscope/connect', { host });
    assert.equal(recorded, true);
    const act = { kind: 'write', path: '/data', value: base64('seen'), create: true } as const;
    await editor.ask('xenscope/act', { host, act, confirmed: true });
    const rings = await editor.ask('xenscope/ringList', { host });
    const ring = rings.find(({ kind, domid }) => kind === 'xenstore' && domid > 0)!.id;
    await editor.ask('xenscope/reconnect', { host, ring, serial: 1, confirmed: true });

    const file = editor.path('life.jsonl');
    await writeFile(file, 'what was there before', { mode: 0o644 });
    const saved = await editor.ask('xenscope/saveJournal', { host, file });
    const { mode, size } = await stat(file);
    assert.deepEqual([mode & 0o777, size], [0o600, saved.bytes]);
    const { entries, droppedEntries, damage } = readJournalFile(await readFile(file, 'utf8'));
    assert.equal(damage, undefined);
    assert.deepEqual([entries.length, droppedEntries], [saved.entries, saved.droppedEntries]);
    const written = entries.find(
      (entry) =>
        entry.kind === 'message' &&
        entry.role === 'request' &&
        Buffer.from(entry.bytes).toString('latin1').includes('/data\0seen'),
    );
    assert.ok(written, 'the write by hand');
    const ofRing = entries.filter(({ source }) => source === ring);
    const words = ofRing.flatMap((entry) =>
      entry.kind === 'state' && entry.word === 'connection' ? [entry.after] : [],
    );
    assert.deepEqual(words, [0, 1, 0], 'the handshake of the reconnect');
    assert.ok(ofRing.some(({ kind }) => kind === 'movement'));
    assert.ok(ofRing.some(({ kind }) => kind === 'notify'));
  });

  it('records the rings of a host that records nothing by itself, while it is connected', async () => {
    const worlds: World[] = [];
    const other = new Editor({
      openWorld: async ({ seed, pace }) => {
        const world = await createWorld({ seed, pace, clock: systemClock });
        worlds.push(world);
        return world;
      },
    });
    await using(other, async () => {
      await other.initialize();
      assert.equal((await other.ask('xenscope/connect', { host })).recorded, true);
      await other.ask('xenscope/ringList', { host });
      const file = other.path('rings.jsonl');
      await worlds[0]!.hypervisor.get(1)!.store.read('name');
      const moved = await eventually(async () => {
        await other.ask('xenscope/saveJournal', { host, file });
        const { entries } = readJournalFile(await readFile(file, 'utf8'));
        return entries.find((entry) => entry.kind === 'movement' && entry.domid === 1);
      });
      assert.equal(moved.source, 'xenstore:1');
    });
  });

  it('says in one sentence that a host has none', async () => {
    const { id } = (await editor.ask('xenscope/hosts', null)).find(({ removable }) => removable)!;
    await using(new Xenstored({ clock: systemClock }), async (store) => {
      await store.listen(socketPath);
      const { recorded } = await editor.ask('xenscope/connect', { host: id });
      assert.equal(recorded, false);
      const file = editor.path('none.jsonl');
      const { message, code } = await failure(editor.ask('xenscope/saveJournal', { host: id, file }));
      assert.equal(code, 'unsupported');
      assert.match(message, /^This host has no flight recorder, .*\.$/);
      await assert.rejects(stat(file));
    });
  });

  it('says what is wrong with the file', async () => {
    await editor.ask('xenscope/connect', { host });
    const asked = (file: string) => failure(editor.ask('xenscope/saveJournal', { host, file }));
    const { message, code } = await asked(editor.path('no/folder/life.jsonl'));
    assert.equal(code, 'input');
    assert.match(message, /The journal cannot be written to .*life\.jsonl/);
    assert.match((await asked('life.jsonl')).message, /file must be the whole path of a file/);
  });
});

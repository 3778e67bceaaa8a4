/** What somebody did to a world stands in its flight recorder, and in the file that is saved of it. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readJournalFile } from '../../server/capture/journalFile';
import { maxAdmittedChars } from '../../server/capture/recordAdmissions';
import { openRecordedWorld, type RecordedWorld } from '../../server/cli/recording';
import { plainGuest } from '../sim/worldKit';

describe('the journal of what comes from outside', () => {
  let folder: string;
  let world: RecordedWorld;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'admissions-'));
    world = await openRecordedWorld({ seed: 1, pace: 0, domains: [plainGuest()] });
  });
  afterEach(async () => {
    await world.close();
    await rm(folder, { recursive: true, force: true });
  });

  function saved() {
    const { entries, damage } = readJournalFile([...world.recorder.lines()].join(''));
    assert.equal(damage, undefined);
    return entries;
  }
  const admissions = () => saved().filter((entry) => entry.kind === 'admission');

  it('tells of faults, holds, steps, acts by hand and the pace, in their order', async () => {
    const control = world.world!;
    control.setFault('lostNotify', 0.5, 1);
    control.act('pause', 1);
    control.hold();
    for (let step = 0; step < 3; step++) await control.step();
    control.resume();
    control.pace = 2;
    const seen = admissions();
    assert.deepEqual(
      seen.map(({ what, text }) => `${what}: ${text}`),
      [
        'fault: lostNotify 0.5 for domain 1',
        'act: pause 1',
        'hold: hold',
        'hold: step',
        'hold: step, 3 times',
        'hold: resume',
        'pace: pace 2',
      ],
    );
    assert.deepEqual(
      seen.map(({ number }) => number - seen[0]!.number),
      [0, 1, 2, 3, 3, 4, 5],
    );
    assert.ok(seen.every(({ source, layer }) => source === 'world' && layer === 'world'));
    assert.ok(seen.every(({ afterMove, worldTimeMs }) => afterMove > 0 && worldTimeMs > 0));
  });

  it('says how many steps there were, also where nothing came after them', async () => {
    world.world!.hold();
    for (let step = 0; step < 2; step++) await world.world!.step();
    assert.equal(admissions().at(-1)!.text, 'step');
    await world.close();
    assert.equal(admissions().at(-1)!.text, 'step, 2 times');
  });

  it('names a request without its bytes, which are a message beside it', async () => {
    const store = world.openStore();
    const long = `/tool/${'long'.repeat(100)}`;
    await store.write('/tool/a', 'what is written');
    await store.write(long, 'x');
    const [first, second] = admissions();
    assert.deepEqual([first!.what, first!.text], ['request', 'WRITE /tool/a']);
    assert.equal(second!.text.length, maxAdmittedChars);
    const isRequest = (entry: ReturnType<typeof saved>[number]) =>
      entry.kind === 'message' && entry.role === 'request';
    assert.ok(
      saved().some(
        (entry) => isRequest(entry) && 'bytes' in entry && Buffer.from(entry.bytes).includes('what is'),
      ),
    );
    await store.close();
  });
});

/** The flight recorder of a world: its rings step by step, at no time of their own. */
import assert from 'node:assert/strict';
import { Journal } from '../../server/capture/journal';
import type { JournalEntry } from '../../server/capture/journalEntry';
import { recordHost } from '../../server/capture/recordHost';
import { debian, linuxGuest } from '../../server/sim/guests/linux';
import { ManualClock } from './manualClock';
import { closeWorlds, openWorld, plainGuest } from './worldKit';

function inWords(entry: JournalEntry): string[] {
  switch (entry.kind) {
    case 'movement':
      return [`${entry.direction} +${entry.producedBytes} -${entry.consumedBytes}`];
    case 'notify':
      return [`told ${entry.to} ${entry.times}`];
    case 'state':
      return [`${entry.word} ${entry.before} → ${entry.after}`];
    case 'message':
      return [entry.role];
    default:
      return [entry.kind];
  }
}

describe('the flight recorder of a world', () => {
  afterEach(closeWorlds);

  async function rig(guest = plainGuest()) {
    const clock = new ManualClock();
    const world = await openWorld({ clock, domains: [guest] });
    await world.settled();
    const journal = new Journal({ clock });
    const stop = recordHost(journal, world.observer(), clock);
    let from = journal.nextN;
    const told = () => {
      const entries = [...journal.entries(from)].filter(({ source }) => source === 'xenstore:1');
      from = journal.nextN;
      return entries.flatMap(inWords);
    };
    return { clock, world, stop, told, guest: world.hypervisor.get(1)! };
  }

  it('holds every step of a request and its reply, without any time passing', async () => {
    const { clock, world, stop, told, guest } = await rig();
    assert.equal(clock.waiting, 0, 'nobody wakes while nothing happens');
    await guest.store.read('name');
    await world.settled();
    // "name" with its zero, and "guest"; a header has 16 bytes.
    const steps = told();
    assert.deepEqual(
      steps.filter((step) => !step.startsWith('told')),
      ['req +21 -0', 'request', 'req +0 -21', 'rsp +21 -0', 'reply', 'rsp +0 -21'],
    );
    assert.ok(steps.indexOf('told server 1') < steps.indexOf('req +0 -21'), steps.join());
    assert.ok(steps.indexOf('told guest 1') < steps.indexOf('rsp +0 -21'), steps.join());
    assert.equal(clock.waiting, 1);
    clock.tick(1_000);
    assert.equal(clock.waiting, 0);
    stop();
  });

  it('holds the words of a reconnect, which are there for a moment only', async () => {
    const { world, stop, told } = await rig(plainGuest({ guest: linuxGuest(debian) }));
    const report = await world.world.reconnect(1);
    assert.equal(report.outcome, 'done');
    const steps = told();
    assert.ok(steps.indexOf('connection 0 → 1') >= 0, steps.join());
    assert.ok(steps.indexOf('connection 1 → 0') > steps.indexOf('connection 0 → 1'), steps.join());
    stop();
  });
});

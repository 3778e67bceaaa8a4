import assert from 'node:assert/strict';
import type { ComposerEntry, ComposerState } from '../../server/rpc/api';
import { Favourites, type Kept, maxFavourites } from '../../extension/pvcallsComposer/favourites';
import { QuickSteps, addressProblem } from '../../extension/pvcallsComposer/quickSteps';
import { keptAbout, subjectOf, titleOf } from '../../extension/pvcallsComposer/subject';

class Memory implements Kept {
  private readonly values = new Map<string, unknown>();

  get<T>(key: string): T | undefined {
    return this.values.get(key) as T | undefined;
  }

  update(key: string, value: unknown): Promise<void> {
    // As VS Code keeps it.
    this.values.set(key, JSON.parse(JSON.stringify(value)));
    return Promise.resolve();
  }
}

const poll = { kind: 'fields', command: 'poll', fields: { id: '1' } } as const;
const raw = { kind: 'raw', slot: '00 ff' } as const;

describe('favourites of the command composer', () => {
  it('are kept by name, over a new start, and told of', async () => {
    const memory = new Memory();
    const favourites = new Favourites(memory);
    let told = 0;
    favourites.onChange(() => told++);
    await favourites.save('poll it', poll);
    await favourites.save('all ones', raw);
    assert.deepEqual(new Favourites(memory).list, [
      { name: 'all ones', draft: raw },
      { name: 'poll it', draft: poll },
    ]);
    assert.equal(told, 2);
  });

  it('are told of when another window has changed them, and not otherwise', async () => {
    const memory = new Memory();
    const favourites = new Favourites(memory);
    let told = 0;
    favourites.onChange(() => told++);
    favourites.look();
    assert.equal(told, 0);
    await new Favourites(memory).save('elsewhere', raw);
    favourites.look();
    favourites.look();
    assert.equal(told, 1);
    assert.ok(favourites.has('elsewhere'));
  });

  it('are replaced, renamed and removed', async () => {
    const favourites = new Favourites(new Memory());
    await favourites.save('one', poll);
    await favourites.save('one', raw);
    await favourites.save('two', poll);
    await favourites.rename('one', 'two');
    assert.deepEqual(favourites.list, [{ name: 'two', draft: raw }]);
    await favourites.rename('none', 'three');
    const removed = await favourites.remove('two');
    assert.deepEqual(favourites.list, []);
    await favourites.save(removed!.name, removed!.draft);
    assert.ok(favourites.has('two'));
    assert.equal(await favourites.remove('none'), undefined);
  });

  it('leave out what is none, whoever kept it', async () => {
    const memory = new Memory();
    await memory.update('xenscope.pvcalls.favourites', [
      { name: 'x' },
      7,
      null,
      { name: 'no fields', draft: { kind: 'fields', command: 'connect', fields: null } },
      { name: 'no texts', draft: { kind: 'fields', command: 'connect', fields: { id: 1 } } },
      { name: 'no command', draft: { kind: 'fields', command: 'shutdown', fields: {} } },
      { name: 'good', draft: raw },
    ]);
    assert.deepEqual(new Favourites(memory).list, [{ name: 'good', draft: raw }]);
    await memory.update('xenscope.pvcalls.favourites', 'nonsense');
    assert.deepEqual(new Favourites(memory).list, []);
  });

  it('have names, and there is an end of them', async () => {
    const favourites = new Favourites(new Memory());
    assert.equal(favourites.nameProblem('  '), 'Type a name.');
    assert.match(favourites.nameProblem('x'.repeat(81))!, /at most 80 characters, and this has 81/);
    for (let number = 0; number < maxFavourites; number++) await favourites.save(String(number), raw);
    await assert.rejects(favourites.save('one more', raw), /Remove one first/);
    await favourites.save('0', poll);
  });
});

describe('from an address to a connected socket', () => {
  const suggested = { newId: '5', connectTo: '', bindTo: '' };
  const open = { phase: 'open', suggested } as ComposerState;
  const answered = (number: number, ret: number) =>
    ({ number, phase: 'answered', response: { ret } }) as ComposerEntry;

  it('sends one command when the one before was answered, then shows the socket', () => {
    const steps = new QuickSteps({ kind: 'connect', address: '10.0.0.1:80' });
    assert.equal(steps.next({ ...open, phase: 'opening' }, []), undefined);
    const first = steps.next(open, []);
    assert.deepEqual(first, {
      kind: 'send',
      draft: { kind: 'fields', command: 'socket', fields: { id: '5' } },
    });
    assert.equal(steps.next(open, []), undefined);
    steps.sent(1);
    assert.equal(steps.next(open, [{ number: 1, phase: 'sent' } as ComposerEntry]), undefined);
    const second = steps.next(open, [answered(1, 0)]);
    assert.deepEqual(second?.kind === 'send' && second.draft, {
      kind: 'fields',
      command: 'connect',
      fields: { id: '5', address: '10.0.0.1:80' },
    });
    steps.sent(2);
    assert.deepEqual(steps.next(open, [answered(2, 0)]), { kind: 'show', id: '5' });
    assert.equal(steps.next(open, []), undefined);
  });

  it('stops where a command fails', () => {
    const steps = new QuickSteps({ kind: 'connect', address: '10.0.0.1:80' });
    steps.next(open, []);
    steps.sent(1);
    assert.equal(steps.next(open, [answered(1, -524)]), undefined);
    assert.equal(steps.next(open, [answered(1, 0)]), undefined);
  });

  it('listens, and shows whoever came', () => {
    const steps = new QuickSteps({ kind: 'listen', address: '0.0.0.0:80' });
    const commands: string[] = [];
    let shown: string | undefined;
    for (let number = 1; number <= 5; number++) {
      const next = steps.next({ ...open, suggested: { ...suggested, newId: String(4 + number) } }, [
        answered(number - 1, 0),
      ]);
      if (next?.kind === 'send' && next.draft.kind === 'fields') commands.push(next.draft.command);
      else shown = next?.kind === 'show' ? next.id : undefined;
      steps.sent(number);
    }
    assert.deepEqual(commands, ['socket', 'bind', 'listen', 'accept']);
    assert.equal(shown, '8');
  });

  it('takes addresses that can be', () => {
    assert.equal(addressProblem(' 127.0.0.1:80 '), undefined);
    for (const wrong of ['', '127.0.0.1', 'localhost:80', '1.2.3:4', '256.0.0.1:80', '1.2.3.4:70000'])
      assert.match(addressProblem(wrong)!, /^Type four numbers and a port/, wrong);
  });
});

describe('the subject of a composer', () => {
  const nameOf = (domid: number) => `guest (${domid})`;

  it('is called after the domains of both ends', () => {
    const own = subjectOf('simulator', { kind: 'own', actAs: 3, backend: 0 }, nameOf, { foreign: [] });
    assert.equal(titleOf(own), 'Compose: guest (3) → guest (0)');
    const real = subjectOf('local', { kind: 'own', backend: 0 }, nameOf, { foreign: [] });
    assert.equal(titleOf(real), 'Compose: the server’s own domain → guest (0)');
    const known = subjectOf('local', { kind: 'own', backend: 0 }, nameOf, { ownDomid: 3, foreign: [] });
    assert.equal(titleOf(known), 'Compose: guest (3) → guest (0)');
    const device = '/local/domain/5/device/pvcalls/0';
    const foreign = subjectOf('simulator', { kind: 'foreign', device }, nameOf, {
      foreign: [
        { device: '/local/domain/4/device/pvcalls/0', domid: 4, backend: 1 },
        { device, domid: 5, backend: 0 },
      ],
    });
    assert.equal(titleOf(foreign), 'Compose: guest (5) → guest (0)');
    assert.match(
      titleOf(subjectOf('simulator', { kind: 'foreign', device }, nameOf, { foreign: [] })),
      /pvcalls\/0/,
    );
  });

  it('comes back with a window as it was kept, or not at all', () => {
    const plan = { kind: 'own', backend: 0 } as const;
    const about = {
      kind: 'about',
      ...subjectOf('simulator', plan, nameOf, { foreign: [] }),
      hostLabel: 'Simulator',
      simulated: true,
      lines: ['said'],
    } as const;
    assert.equal(keptAbout({ about }), about);
    assert.equal(keptAbout(undefined), undefined);
    const draft = { ...about, plan: { ...plan, actAs: 3, edition: 'draft7' } } as const;
    assert.equal(keptAbout({ about: draft }), draft);
    const own = (more: object) => ({ plan: { ...plan, ...more } });
    const wrong = [
      own({ actAs: 'x' }),
      own({ edition: 'draft8' }),
      { host: 7 },
      { plan: { kind: 'own' } },
      { plan: { kind: 'foreign' } },
      { lines: 'said' },
    ];
    for (const part of [...wrong, { plan: undefined }, { lines: [7] }]) {
      assert.equal(keptAbout({ about: { ...about, ...part } } as never), undefined, JSON.stringify(part));
    }
  });
});

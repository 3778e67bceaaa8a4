/** What package.json promises a person who opens the folder of somebody else. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { capabilities, contributes } from '../../package.json';

interface Setting {
  readonly type: string;
  readonly scope?: string;
  readonly enum?: readonly string[];
  readonly items?: { readonly enum?: readonly string[] };
}

const settings = Object.entries(contributes.configuration.properties as Readonly<Record<string, Setting>>);
const restricted: readonly string[] = capabilities.untrustedWorkspaces.restrictedConfigurations;

/** A workspace can say nothing, or nothing as long as it is not trusted. */
function isSafe([name, { scope }]: [string, Setting]): boolean {
  return scope === 'machine' || scope === 'application' || restricted.includes(name);
}

describe('settings in the workspace of somebody else', () => {
  // Free text is what could name a program, a folder of libraries, or a socket.
  const free = settings.filter(
    ([, { type, enum: choices, items }]) => !(choices ?? items?.enum) && /string|array|object/.test(type),
  );

  it('cannot choose programs, libraries and sockets', () => {
    const names = free.map(([name]) => name);
    for (const known of ['server.node', 'realHost.libraries', 'realHost.serverSocket', 'sockets']) {
      assert.ok(names.includes(`xenscope.${known}`), `${known} is looked at`);
    }
    assert.deepEqual(
      free.filter((setting) => !isSafe(setting)).map(([name]) => name),
      [],
    );
  });

  it('cannot allow what a person has not allowed', () => {
    const allowing = settings.filter(([name]) => /\.allow/.test(name));
    assert.ok(allowing.length > 0);
    assert.ok(allowing.every(isSafe));
  });

  it('that may be set there once it is trusted exist', () => {
    for (const name of restricted)
      assert.ok(
        settings.some(([known]) => known === name),
        name,
      );
  });
});

describe('the folder that npm start opens', () => {
  it('tells of every view', () => {
    const readme = readFileSync(path.resolve(__dirname, '../../scripts/demo/README.md'), 'utf8');
    const names = Object.values(contributes.views).flatMap((list) => list.map(({ name }) => name));
    assert.ok(names.length > 5);
    for (const name of names) assert.ok(readme.includes(`**${name}**`), name);
  });
});

describe('what a view says that has nothing to show', () => {
  it('promises no rings of a host behind a socket', () => {
    const away = contributes.viewsWelcome.filter(
      ({ view, when }) => view === 'xenscope.rings' && when.includes('xenscope.host == away'),
    );
    const isOfSockets = ({ when }: { when: string }) => when.includes('currentHostKind == socket');
    assert.equal(away.length, 2);
    assert.ok(away.every((one) => one.contents.includes('rings appear') !== isOfSockets(one)));
    assert.ok(away.some(isOfSockets));
  });
});

describe('the walkthrough', () => {
  const root = path.resolve(__dirname, '../..');
  const commands = new Set(contributes.commands.map(({ command }) => command));
  const views = new Set(Object.values(contributes.views).flatMap((list) => list.map(({ id }) => id)));
  const steps = contributes.walkthroughs.flatMap(({ steps: all }) => all);

  it('leads to the tree, rings, devices, vchans and PV Calls', () => {
    for (const id of ['look', 'rings', 'devices', 'vchans', 'pvcalls'])
      assert.ok(
        steps.some((step) => step.id === id),
        id,
      );
  });

  it('names commands and views that there are', () => {
    const named = steps.flatMap(({ description, completionEvents }) => [
      ...[...description.matchAll(/\(command:([\w.]+)\)/g)].map(([, command]) => command!),
      ...completionEvents.map((event) =>
        event.replace(/^onCommand:/, '').replace(/^onView:(.*)$/, '$1.focus'),
      ),
    ]);
    assert.ok(named.length > steps.length);
    const isThere = (name: string) => commands.has(name) || views.has(name.replace(/\.focus$/, ''));
    assert.deepEqual(
      named.filter((name) => !isThere(name)),
      [],
    );
  });

  it('has pictures in the colours of the theme, with a text for who does not see them', () => {
    for (const { id, media } of steps) {
      const file = path.join(root, media.svg);
      assert.ok(existsSync(file) && media.altText.length > 10, id);
      const picture = readFileSync(file, 'utf8');
      if (path.basename(file) !== 'icon.svg') assert.doesNotMatch(picture, /#[0-9a-f]{3,6}\b/i, id);
    }
  });
});

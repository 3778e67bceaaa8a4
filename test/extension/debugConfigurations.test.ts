/** What VS Code launches when somebody presses F5. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { resolveConfiguration, simulatorConfiguration } from '../../extension/debug/configurations';
import { faultTexts } from '../../server/sim/faults';
import { launchArguments } from '../../server/debug/dap/launchArguments';

const defaults = { seed: 7, pace: 2, ringFeatures: ['error-word'] };

interface Property {
  readonly default: unknown;
  readonly properties?: Readonly<Record<string, { readonly description: string }>>;
}

interface Manifest {
  readonly activationEvents: readonly string[];
  readonly contributes: {
    readonly debuggers: readonly {
      readonly type: string;
      readonly configurationAttributes: {
        readonly launch: { readonly properties: Readonly<Record<string, Property>> };
      };
      readonly initialConfigurations: readonly Readonly<Record<string, unknown>>[];
      readonly configurationSnippets: readonly { readonly body: object }[];
    }[];
  };
}

const manifest = JSON.parse(readFileSync(path.resolve(__dirname, '../../package.json'), 'utf8')) as Manifest;

describe('configurations of the debugger', () => {
  it('make a session out of nothing', () => {
    assert.deepEqual(resolveConfiguration({}, defaults), {
      type: 'xenscope',
      request: 'launch',
      name: 'Xenscope',
      host: 'simulator',
      seed: 7,
      pace: 2,
      ringFeatures: ['error-word'],
    });
  });

  it('leave alone what somebody wrote', () => {
    const mine = { name: 'Mine', seed: 1, stopOnEntry: true, ringFeatures: [] };
    const written = { type: 'xenscope', request: 'launch', ...mine };
    assert.deepEqual(resolveConfiguration(written, defaults), { ...written, host: 'simulator', pace: 2 });
  });

  it('never begin with a quiet world', () => {
    assert.equal(simulatorConfiguration({ seed: 1, pace: 0 })['pace'], 1);
    assert.equal(resolveConfiguration({ pace: 0 }, defaults)['pace'], 0);
  });

  it('are those that the adapter takes, and package.json tells the same defaults', () => {
    const [ours] = manifest.contributes.debuggers;
    assert.equal(ours!.type, 'xenscope');
    const described = Object.entries(ours!.configurationAttributes.launch.properties)
      .filter(([name]) => name !== 'host')
      .map(([name, { default: value }]) => [name, value]);
    assert.deepEqual(Object.fromEntries(described), launchArguments({}));
    for (const configuration of ours!.initialConfigurations) launchArguments(configuration);
    for (const { body } of ours!.configurationSnippets) launchArguments(body);
  });

  it('describe the faults that there are', () => {
    const { faults } = manifest.contributes.debuggers[0]!.configurationAttributes.launch.properties;
    const described = Object.entries(faults!.properties!).map(([name, { description }]) => [
      name,
      description,
    ]);
    assert.deepEqual(Object.fromEntries(described), faultTexts);
  });

  it('wake the extension', () => {
    for (const event of ['onDebugResolve:xenscope', 'onDebugDynamicConfigurations:xenscope']) {
      assert.ok(manifest.activationEvents.includes(event), event);
    }
  });
});

/** The adapter as a program of its own: how it ends, and what it outlives. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readJournalFile } from '../../server/capture/journalFile';
import { AdapterProgram } from './adapterClient';

const launch = { host: 'simulator', seed: 1, pace: 50 };

/** Fails when nobody answers: then the process is gone. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('the debug adapter as a program', function () {
  this.timeout(120_000);
  let client: AdapterProgram;

  beforeEach(async () => {
    client = new AdapterProgram();
    await client.start();
  });
  afterEach(() => client.stop());

  const withoutErrors = () => client.setExceptionBreakpointsRequest({ filters: [] });

  it('leaves no process behind', async () => {
    await client.begin(launch, withoutErrors);
    const { pid } = client;
    assert.ok(isAlive(pid));
    await client.disconnectRequest();
    assert.equal(await client.exited(), 0);
    assert.equal(isAlive(pid), false);
    assert.equal(client.errorOutput, '');
  });

  it('ends when the editor is gone', async () => {
    await client.begin(launch, withoutErrors);
    client.closeInput();
    assert.equal(await client.exited(), 0);
  });

  it('answers every request that lacks everything, before there is a world and after, and can still be ended', async () => {
    const commands = [
      ...['setBreakpoints', 'setFunctionBreakpoints', 'setExceptionBreakpoints', 'threads', 'stackTrace'],
      ...['scopes', 'variables', 'source', 'exceptionInfo', 'evaluate', 'completions', 'readMemory', 'next'],
      ...['stepIn', 'stepOut', 'continue', 'pause', 'attach', 'nonsense', 'constructor'],
    ];
    const askAll = async () => {
      for (const command of commands) {
        const answer = await client.send(command, {}).then(
          () => '',
          (error: Error) => error.message,
        );
        assert.doesNotMatch(answer, /A mistake of Xenscope/, command);
      }
    };
    await client.initializeRequest();
    await askAll();
    await client.launchRequest(launch as never);
    await client.configurationDoneRequest();
    await client.stopAfter(() => client.pauseRequest({ threadId: 1 }));
    await askAll();
    assert.ok(isAlive(client.pid));
    const terminated = client.waitForEvent('terminated');
    await client.terminateRequest();
    await terminated;
    await client.disconnectRequest();
    assert.equal(await client.exited(), 0);
  });

  it('writes down what the flight recorder holds when the session ends, where that was asked for', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'adapter-journal-'));
    try {
      const journal = path.join(folder, 'life.jsonl');
      await client.stopAfter(() =>
        client.begin({ ...launch, journal }, async () => {
          await withoutErrors();
          // Over its ring, where domain 0 asks by calls within the process.
          await client.setFunctionBreakpointsRequest({ breakpoints: [{ name: 'XS_* dom=3' }] });
        }),
      );
      await client.disconnectRequest();
      assert.equal(await client.exited(), 0);
      const { entries, damage } = readJournalFile(await readFile(journal, 'utf8'));
      assert.equal(damage, undefined);
      const kinds = new Set(entries.map(({ kind, layer }) => `${layer} ${kind}`));
      for (const kind of ['connection message', 'ring movement', 'ring message'])
        assert.ok(kinds.has(kind), kind);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

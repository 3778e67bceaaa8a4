/**
 * Hostile clients against a server in a process of its own, while a well-behaved client works on:
 * the server stays up, stays small, and the other client never waits long.
 */
import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { XsType } from '../../server/wire/xsMessage';
import { attacks } from './attacks';
import type { ProbeReport } from './probe';
import { RawClient } from './rawClient';
import { effort, seed, seededRandom } from './seed';
import { editor, serve, storeAlone, type StartVictim, type Victim } from './victims';

const MAX_RESIDENT_BYTES = 300 * 1024 * 1024;
/** The bound that the product promises to a client beside hostile ones; the only one on time. */
const MAX_ROUND_TRIP_MS = 1000;
const MIN_INPUTS = 10_000;

function peakResidentBytes(pid: number): number {
  const match = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(match![1]) * 1024;
}

attackAll('the store alone', storeAlone, effort);
attackAll('xenscope serve', serve, effort);
attackAll('xenscope editor with its tree open', editor, effort / 5);

/** The server, the client beside it, and we who attack. */
const ownProcesses = 3;

/** Where others want the processors as well, everybody waits for them that many times as long. */
function crowd(): number {
  return Math.max(1, (os.loadavg()[0]! - ownProcesses) / os.availableParallelism());
}

function attackAll(what: string, start: StartVictim, howHard: number): void {
  describe(`hostile clients of ${what}`, function () {
    this.timeout(300_000 * effort);
    const folder = mkdtempSync(path.join(os.tmpdir(), 'xenscope-hostile-'));
    const random = seededRandom(seed);
    let victim: Victim;
    let probe: ChildProcess;
    let inputs = 0;

    const probeReport = async (): Promise<ProbeReport> => {
      probe.send({});
      return ((await once(probe, 'message')) as [ProbeReport])[0];
    };
    const otherClientWorked = async (roundTrips: number) => {
      const goal = (await probeReport()).roundTrips + roundTrips;
      while ((await probeReport()).roundTrips < goal) assert.equal(probe.exitCode, null);
    };

    before(async () => {
      victim = await start(folder);
      probe = fork(path.join(__dirname, 'probe.ts'), [victim.socketPath], { execArgv: ['--import', 'tsx'] });
      await once(probe, 'message');
    });

    after(async () => {
      for (const child of [probe, victim?.server]) {
        if (!child || child.exitCode !== null) continue;
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      rmSync(folder, { recursive: true, force: true });
    });

    afterEach(function () {
      if (this.currentTest?.state === 'failed') console.log(`· repeat with XENSCOPE_SEED=${seed}`);
    });

    for (const [name, attack] of Object.entries(attacks)) {
      it(`withstands ${name}`, async () => {
        const { server, socketPath } = victim;
        inputs += await attack({ socketPath, random, effort: howHard, otherClientWorked });
        assert.equal(server.exitCode, null, 'the server is up');
        const client = await RawClient.open(socketPath);
        await client.request(XsType.RM, '/hostile\0');
        client.end();
      });
    }

    it('stays below 300 MB, and the other client never waits a second', async () => {
      const { roundTrips, worstMs } = await probeReport();
      assert.ok(inputs >= MIN_INPUTS, `${inputs} inputs`);
      assert.equal(probe.exitCode, null, 'the well-behaved client is up');
      assert.ok(
        worstMs < MAX_ROUND_TRIP_MS * crowd(),
        `worst of ${roundTrips} round trips: ${worstMs.toFixed(1)} ms`,
      );
      const { pid } = victim.server;
      let memory = 'memory not known here';
      if (existsSync(`/proc/${pid}/status`)) {
        const peak = peakResidentBytes(pid!);
        assert.ok(peak < MAX_RESIDENT_BYTES, `peak of ${peak} bytes`);
        memory = `at most ${Math.round(peak / 2 ** 20)} MB`;
      }
      console.log(
        `· ${what}: ${inputs} inputs, ${memory}, worst of ${roundTrips} round trips ${worstMs.toFixed(1)} ms`,
      );
    });
  });
}

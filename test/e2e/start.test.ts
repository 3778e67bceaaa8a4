/** `npm start` in the browser, as a person gets it: an address, the views open, and nothing left after Ctrl-C. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { portIsTaken } from '../../scripts/lib/vscodeServer.mjs';
import { picture, root } from './artefacts';
import { openBrowser } from './browser';
import { eventually, testTimeoutMs } from './eventually';
import { Workbench } from './workbench';

interface Started {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Where its temporary files go. */
  readonly temporary: string;
}

function npmStart(temporary: string, ...options: string[]): Started {
  const child = spawn(process.execPath, [path.join(root, 'scripts', 'start.mjs'), ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: temporary },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  return { child, output: () => output, temporary };
}

const addressIn = (output: string) => /http:\/\/127\.0\.0\.1:\d+\/\S+/.exec(output)?.[0];

describe('npm start', function () {
  this.timeout(testTimeoutMs);
  let temporary: string;
  let started: Started | undefined;

  beforeEach(() => {
    temporary = mkdtempSync(path.join(tmpdir(), 'xenscope-start-test-'));
  });

  afterEach(async () => {
    if (started && started.child.exitCode === null && started.child.signalCode === null) {
      const gone = once(started.child, 'exit');
      started.child.kill('SIGTERM');
      await gone;
    }
    rmSync(temporary, { recursive: true, force: true });
  });

  it('checks itself with --check', async () => {
    started = npmStart(temporary, '--check');
    const [status] = (await once(started.child, 'close')) as [number | null];
    assert.equal(status, 0, started.output());
    const address = addressIn(started.output());
    assert.ok(address, started.output());
    assert.equal(await portIsTaken(Number(new URL(address).port)), false);
    assert.deepEqual(readdirSync(temporary), []);
  });

  it('says which option it does not know', async () => {
    started = npmStart(temporary, '--bowser');
    const [status] = (await once(started.child, 'close')) as [number | null];
    assert.equal(status, 1);
    assert.match(started.output(), /--bowser/);
    assert.match(started.output(), /--browser/);
  });

  it('opens the views at once, and Ctrl-C ends everything', async () => {
    const running = (started = npmStart(temporary, '--browser'));
    const address = await eventually(
      'the address is printed',
      () => {
        if (running.child.exitCode !== null) throw new Error(running.output());
        return running.output().includes('Ctrl-C') && addressIn(running.output());
      },
      120_000,
    );
    const browser = await openBrowser(new URL(address).origin);
    try {
      await browser.page.goto(address);
      const workbench = new Workbench(browser.page);
      await workbench.ready();
      await workbench.tree('Xenstore').row('0', 3).waitFor();
    } finally {
      await picture(browser.page, 'npm-start');
      await browser.close();
    }

    const gone = once(running.child, 'exit') as Promise<[number | null]>;
    running.child.kill('SIGINT');
    assert.equal((await gone)[0], 0, running.output());
    assert.equal(await portIsTaken(Number(new URL(address).port)), false);
    await eventually('no temporary folder is left', () => readdirSync(temporary).length === 0);
  });
});

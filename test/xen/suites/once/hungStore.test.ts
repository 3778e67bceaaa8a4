/** What ends while the xenstored of the machine hangs, ends all the same, though C waits for it on a worker. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { daemon, eventually, output, run } from '../../support/dom0';
import { machine as host, openEditor } from '../../support/editor';

const folder = '/local/domain/0/data/vchan/hung';

describe('a xenstored that hangs', () => {
  after(() => run('xenstore-rm', [folder]));

  /** The machine's own, which stands still meanwhile. */
  async function whileItHangs(act: () => Promise<void>): Promise<void> {
    const pid = Number((await output('pidof', daemon)).trim());
    process.kill(pid, 'SIGSTOP');
    try {
      await act();
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  }

  const isOffered = (path: string) =>
    eventually(async () => (await run('xenstore-exists', [`${path}/event-channel`])).status === 0);

  for (const engine of ['own', 'libxenvchan'] as const) {
    it(`keeps no server of an editor that leaves, with a vchan by the engine ${engine} open`, async () => {
      const editor = await openEditor();
      let hasEnded = false;
      try {
        const path = `${folder}/${engine}`;
        const plan = { role: 'server', peer: 0, path, ...(engine === 'libxenvchan' && { engine }) } as const;
        await editor.ask('xenscope/vchanOpen', { host, plan, confirmed: true });
        await isOffered(path);
        await whileItHangs(() => editor.end().then(() => void (hasEnded = true)));
      } finally {
        if (!hasEnded) await editor.end();
      }
    });
  }

  it('is given up by a command that asks it something, over its socket and over the device', async () => {
    await whileItHangs(async () => {
      for (const store of ['/run/xenstored/socket', '/dev/xen/xenbus']) {
        const args = ['/xenscope/server.cjs', 'ls', '--socket', store, '--timeout', '1', '/tool'];
        const command = spawn('node', args, { stdio: ['ignore', 'ignore', 'pipe'] });
        let said = '';
        command.stderr.on('data', (bytes: Buffer) => (said += String(bytes)));
        const [status] = (await once(command, 'close')) as [number | null];
        assert.notEqual(status, 0);
        assert.match(said, /^xenscope: /, store);
      }
    });
    assert.equal(await output('xenstore-read', '/local/domain/0/domid'), '0\n');
  });
});

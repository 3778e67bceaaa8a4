/** Our built command line in a real dom0, beside the xenstore tools of its Debian. */
import assert from 'node:assert/strict';
import { output, run, xenscope } from '../../support/dom0';

async function succeed(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await xenscope(args);
  assert.equal(stderr, '');
  assert.equal(status, 0);
  return stdout;
}

describe('our command line in dom0', () => {
  after(() => run('xenstore-rm', ['/tool/xenscope']));

  it('writes what xenstore-read reads, and reads what xenstore-write writes', async () => {
    await succeed('write', '/tool/xenscope/a', 'one', '/tool/xenscope/b', 'two words');
    assert.equal(await output('xenstore-read', '/tool/xenscope/a', '/tool/xenscope/b'), 'one\ntwo words\n');
    await output('xenstore-write', '/tool/xenscope/c', 'three');
    assert.equal(
      await succeed('read', '-p', '/tool/xenscope/c', '/tool/xenscope/a'),
      '/tool/xenscope/c: three\n/tool/xenscope/a: one\n',
    );
  });

  it('lists the whole store as xenstore-ls does', async () => {
    await succeed('write', '-e', '/tool/xenscope/odd', '\\x00\\x01\\x7f\\xff\\t\\\\"');
    // Without a terminal, xenstore-ls cuts nothing.
    for (const args of [['-fp'], ['/tool']]) {
      assert.equal(await succeed('ls', ...args), await output('xenstore-ls', ...args), args.join(' '));
    }
  });

  it('changes permissions that xenstore-ls -p shows', async () => {
    await succeed('chmod', '/tool/xenscope/a', 'n0', 'r3');
    assert.match(await output('xenstore-ls', '-p', '/tool/xenscope'), /^a = "one"[ .]+\(n0,r3\)$/m);
  });

  it('removes what xenstore-exists then misses', async () => {
    await succeed('rm', '/tool/xenscope/a');
    assert.equal((await run('xenstore-exists', ['/tool/xenscope/a'])).status, 1);
    assert.equal((await xenscope(['rm', '/tool/xenscope/no/such'])).status, 1);
  });

  it('watches what xenstore-write changes', async () => {
    let begun: (() => void) | undefined;
    const watching = new Promise<void>((resolve) => (begun = resolve));
    const ended = xenscope(['watch', '-n', '2', '/tool/xenscope/b'], { onOutput: () => begun!() });
    await watching;
    await output('xenstore-write', '/tool/xenscope/b/below', '1');
    const { status, stdout } = await ended;
    assert.equal(status, 0);
    assert.equal(stdout, '/tool/xenscope/b\n/tool/xenscope/b/below\n');
  });

  it('says what is missing', async () => {
    const { status, stderr } = await xenscope(['read', '/local/domain/0/nothing']);
    assert.equal(status, 1);
    assert.match(stderr, /there is no such node/);
  });
});

/** Our command line on this machine, and the xenstored of the emulated dom0 behind a forwarded socket. */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import net from 'node:net';
import { once } from 'node:events';
import { xenscope } from '../../cli/xenscope';
import { forward, openGate, output, storeSocket } from '../support/outside';
import type { Forwarded } from '../support/outside';

describe('the xenstore of dom0 from outside', () => {
  const gate = openGate();
  let socket: Forwarded;
  before(async () => {
    socket = await forward(gate, storeSocket);
  });
  after(async () => {
    await gate.run(['xenstore-rm', '/tool/outside']);
    await socket.end();
  });

  async function succeed(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await xenscope(args, { socketPath: socket.path });
    assert.equal(status, 0, stderr);
    return stdout;
  }

  it('is for this user only', () => {
    assert.equal(statSync(socket.path).mode & 0o777, 0o600);
  });

  it('lists as xenstore-ls does in dom0', async () => {
    assert.equal(await succeed('ls', '-fp'), await output(gate, 'xenstore-ls', '-f', '-p'));
  });

  it('takes what is written here and gives what is written there', async () => {
    await succeed('write', '/tool/outside/a', 'from here');
    assert.equal(await output(gate, 'xenstore-read', '/tool/outside/a'), 'from here\n');
    await output(gate, 'xenstore-write', '/tool/outside/b', 'from there');
    assert.equal(await succeed('read', '/tool/outside/b'), 'from there\n');
  });

  it('tells of changes in dom0', async () => {
    let begun: (() => void) | undefined;
    const watching = new Promise<void>((resolve) => (begun = resolve));
    const ended = xenscope(['watch', '-n', '2', '/tool/outside'], {
      socketPath: socket.path,
      onOutput: () => begun!(),
      timeoutMs: 150_000,
    });
    await watching;
    await output(gate, 'xenstore-write', '/tool/outside/c', '1');
    assert.equal((await ended).stdout, '/tool/outside\n/tool/outside/c\n');
  });

  it('is not there for who does not know the token', async () => {
    const [port] = process.env['XENSCOPE_XEN_GATE']!.split(':');
    const connection = net.connect({ host: '127.0.0.1', port: Number(port) });
    connection.on('error', () => undefined);
    let answer = '';
    connection.on('data', (bytes) => (answer += bytes.toString()));
    connection.write(`${JSON.stringify({ token: 'guessed', socket: storeSocket })}\n`);
    await once(connection, 'close');
    assert.equal(answer, '');
  });
});

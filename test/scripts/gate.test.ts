/** Our side of the gate of an emulated machine, beside a peer that does what a machine does. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { Gate } from '../../scripts/lib/xen/gate.mjs';

describe('the gate of the emulated machine', () => {
  /** What `run` makes of these octets, after which the machine is gone. */
  async function runBeside(octets: string) {
    const server = createServer((connection) => {
      connection.on('error', () => undefined);
      connection.once('data', () => connection.end(octets));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      return await new Gate({ port, token: 'secret' }).run(['uname']);
    } finally {
      server.close();
    }
  }
  const end = JSON.stringify({ status: 0, signal: null });

  it('tells what a program wrote and how it ended', async () => {
    const { status, stdout } = await runBeside(`${JSON.stringify({ stdout: 'Linux\n' })}\n${end}\n`);
    assert.deepEqual([status, stdout], [0, 'Linux\n']);
  });

  it('rejects when the machine dies, be it in the middle of a line', async () => {
    const closed = { message: 'The machine closed its gate while uname ran in it.' };
    const line = JSON.stringify({ stdout: 'Linux\n' });
    await assert.rejects(runBeside(`${line}\n`), closed);
    await assert.rejects(runBeside(`${line}\n${end.slice(0, -1)}`), closed);
    await assert.rejects(runBeside(line.slice(0, 5)), closed);
  });
});

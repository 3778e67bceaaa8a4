/**
 * The emulated dom0 as the tests outside have it: through the gate of the machine that runs beside
 * them, whose place the environment names.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Gate } from '../../../scripts/lib/xen/gate.mjs';

export const storeSocket = '/run/xenstored/socket';

export function openGate(): Gate {
  const [port, token] = (process.env['XENSCOPE_XEN_GATE'] ?? '').split(':');
  assert.ok(port && token, 'These tests run within `npm run test:xen`, which starts the machine.');
  return new Gate({ port: Number(port), token });
}

/** Standard output of a program of dom0 that must succeed. */
export async function output(gate: Gate, ...command: string[]): Promise<string> {
  const { status, stdout, stderr } = await gate.run(command);
  assert.equal(status, 0, `${command.join(' ')}: ${stderr}${stdout}`);
  return stdout;
}

/** The server that runs as root in dom0 for the editors of its user `guest`, as a socket of this machine. */
export async function serveInDom0(gate: Gate): Promise<Forwarded> {
  const ending = new AbortController();
  let serving: Promise<unknown> | undefined;
  const place = await new Promise<string>((resolve, reject) => {
    const onLine = (line: string) => line.startsWith('SOCKET=') && resolve(line.slice('SOCKET='.length));
    const command = ['node', '/xenscope/server.cjs', 'serve', '--owner', 'guest'];
    serving = gate.run(command, { onLine, signal: ending.signal });
    serving.then((end) => reject(new Error(`It ended: ${JSON.stringify(end)}`)), reject);
  });
  const socket = await forward(gate, place);
  return {
    path: socket.path,
    async end() {
      await socket.end();
      ending.abort();
      await serving?.catch(() => undefined);
    },
  };
}

/** A socket of dom0 as one of this machine, in a folder of its own. */
export interface Forwarded {
  readonly path: string;
  end(): Promise<void>;
}

export async function forward(gate: Gate, socketPath: string): Promise<Forwarded> {
  const folder = mkdtempSync(path.join(tmpdir(), 'xenscope-test-'));
  const here = path.join(folder, 'socket');
  const end = await gate.forward(socketPath, here);
  return {
    path: here,
    async end() {
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

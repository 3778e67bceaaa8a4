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
  const command = ['node', '/xenscope/server.cjs', 'serve', '--owner', 'guest'];
  const serving = await runInDom0(gate, command, (line) => /^SOCKET=(.*)/.exec(line)?.[1]);
  const socket = await forward(gate, serving.told);
  return {
    path: socket.path,
    async end() {
      await socket.end();
      await serving.end();
    },
  };
}

/** A program of dom0 that runs until it is ended. */
export interface Served {
  /** Where it listens, as dom0 reaches it. */
  readonly address: string;
  end(): Promise<void>;
}

/** A server of HTTP at dom0's loopback, with one page. */
export async function servePagesInDom0(gate: Gate, text: string): Promise<Served> {
  const program = `
    const server = require('node:http').createServer((_, response) => response.end(${JSON.stringify(text)}));
    server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;
  const { told, end } = await runInDom0(gate, ['node', '-e', program], (line) => line);
  return { address: `127.0.0.1:${told}`, end };
}

/** Resolves with the first line that says something. */
async function runInDom0(gate: Gate, command: string[], say: (line: string) => string | undefined) {
  const ending = new AbortController();
  let running: Promise<unknown> | undefined;
  const told = await new Promise<string>((resolve, reject) => {
    const onLine = (line: string) => {
      const said = say(line);
      if (said !== undefined) resolve(said);
    };
    running = gate.run(command, { onLine, signal: ending.signal });
    running.then((end) => reject(new Error(`It ended: ${JSON.stringify(end)}`)), reject);
  });
  return {
    told,
    async end(): Promise<void> {
      ending.abort();
      await running?.catch(() => undefined);
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

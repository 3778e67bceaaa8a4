// Boots the machine and waits for its gate. It ends with `stop`, with its time, and with us.
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, openSync, closeSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { start, stop } from '../processes.mjs';
import { Told } from '../progress.mjs';
import { root } from '../setup.mjs';
import { makeTemporary, removeTemporary } from '../temporary.mjs';
import { freePort } from '../vscodeServer.mjs';
import { Gate } from './gate.mjs';
import { qemuCommand } from './qemu.mjs';

/** 7 seconds where nothing else runs. */
const bootTimeoutMs = 180_000;
const lookEveryMs = 100;
const toldChars = 4_000;
/** What QEMU says when another program took the port after we had found it free: the next one will do. */
const portWasTaken = /Could not set up host forwarding rule/;

/** The daemons that dom0 can have, by the name of their program. */
export const daemons = ['oxenstored', 'xenstored'];

export const artefacts = path.join(root, 'test-artefacts');

/**
 * `{ gate, port, token, consoleLog, pid, exited, stop }`. `name` is that of its console log; `fill` puts
 * files into a folder that dom0 sees as /suites; our built server is /xenscope/server.cjs there.
 */
export async function bootMachine({ machine, daemon, name, fill, memoryMiB = 1792, lifeMs = 600_000 }) {
  mkdirSync(artefacts, { recursive: true });
  const consoleLog = path.join(artefacts, `${name}-console.log`);
  writeFileSync(consoleLog, '');
  const shared = makeTemporary('xen');
  let child;
  let life;
  const end = async () => {
    clearTimeout(life);
    if (child) await stop(child);
    removeTemporary(shared);
  };
  try {
    const token = randomBytes(16).toString('hex');
    writeFileSync(path.join(shared, 'token'), token, { mode: 0o600 });
    writeFileSync(path.join(shared, 'daemon'), daemon);
    // As it is now: dist/ may be built anew while the machine runs.
    for (const name of ['server.cjs', 'node_modules']) {
      cpSync(path.join(root, 'dist', name), path.join(shared, 'xenscope', name), { recursive: true });
    }
    const suites = path.join(shared, 'suites');
    mkdirSync(suites);
    fill?.(suites);
    const boot = async () => {
      const port = await freePort();
      const qemu = qemuCommand({ machine, memoryMiB, shared, gatePort: port, consoleLog });
      const errors = openSync(path.join(shared, 'qemu.log'), 'w');
      child = start(qemu.command, qemu.args, {
        env: { PATH: process.env.PATH, ...qemu.env },
        stdio: ['ignore', errors, errors],
      });
      closeSync(errors);
      const exited = new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
      await gateOpens(exited, consoleLog, path.join(shared, 'qemu.log'));
      return { port, exited };
    };
    life = setTimeout(() => child && void stop(child), lifeMs);
    const { port, exited } = await boot().catch((error) => {
      if (!portWasTaken.test(error.message)) throw error;
      return boot();
    });
    return { gate: new Gate({ port, token }), port, token, consoleLog, pid: child.pid, exited, stop: end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** dom0 says so on the console, at the end of its start. */
async function gateOpens(exited, consoleLog, qemuLog) {
  const console = () => (existsSync(consoleLog) ? readFileSync(consoleLog, 'latin1') : '');
  const limit = Date.now() + bootTimeoutMs;
  let hasEnded = false;
  void exited.then(() => (hasEnded = true));
  while (!/dom0: the gate is open/.test(console())) {
    if (hasEnded || Date.now() > limit) {
      const what = hasEnded ? 'QEMU ended' : `dom0 was not up after ${bootTimeoutMs / 1000} s`;
      const log = existsSync(qemuLog) ? readFileSync(qemuLog, 'utf8') : '';
      throw new Told(
        `${what}. Its console, then QEMU:\n${console().slice(-toldChars)}\n${log.slice(-toldChars)}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}

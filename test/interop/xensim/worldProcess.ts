/**
 * A quiet world in a process of its own, for programs whose calls of C wait for it: says its socket, destroys
 * the domain whose number is a line of its input, and ends with it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { openFilePages } from '../../../native/pages';
import { systemClock } from '../../../server/cli/systemClock';
import { createWorld } from '../../../server/sim/world';

async function main(): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'xensim-world-'));
  const guestSocketPath = path.join(folder, 'guests');
  const world = await createWorld({
    seed: 1,
    pace: 0,
    clock: systemClock,
    domains: [],
    pages: openFilePages(),
    guestSocketPath,
  });
  process.stdout.write(`${guestSocketPath}\n`);
  const input = createInterface({ input: process.stdin });
  input.on('line', (domid) => world.world.act('destroy', Number(domid)));
  input.on('close', () => {
    void world.close().finally(() => {
      rmSync(folder, { recursive: true, force: true });
      process.exit(0);
    });
  });
}

void main();

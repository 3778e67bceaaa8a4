// The long versions of the tests that throw chance at the product: many seeds, more of everything.
// `npm run soak [-- --minutes N] [-- --only hostile]`. Ends at the first failure, with its seed.
import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { main, say, seconds } from './lib/progress.mjs';
import { mochaStage, skipped } from './lib/stages.mjs';
import { whyNoMachine } from './lib/xen/machine.mjs';
import { runXenSuites } from './lib/xen/suites.mjs';

const { values: options } = parseArgs({
  options: { minutes: { type: 'string', default: '30' }, only: { type: 'string', default: '' } },
});

/** `effort` multiplies what one round of a part does. */
const allParts = [
  { name: 'hostile', specs: ['test/fuzz/hostile.test.ts'], effort: 4 },
  { name: 'differential', specs: ['test/interop/differential.test.ts'], effort: 10 },
  // 40 000 lives of a ring and 1 200 of a store behind one, 1 000 000 pages of any content.
  { name: 'rings', specs: ['test/fuzz/rings.test.ts', 'test/fuzz/ringStore.test.ts'], effort: 20 },
  { name: 'pages', specs: ['test/fuzz/ringPages.test.ts'], effort: 100 },
  { name: 'world', specs: ['test/fuzz/world.test.ts'], effort: 12 },
  // 10 000 lives of a device in which anybody writes anything.
  { name: 'devices', specs: ['test/fuzz/deviceStates.test.ts'], effort: 20 },
  { name: 'journal', specs: ['test/fuzz/journal.test.ts'], effort: 10 },
  { name: 'chaos', specs: ['test/sim/chaos.test.ts'], effort: 50 },
  {
    name: 'machine',
    specs: ['test/sim/machine/model.test.ts', 'test/sim/machine/doorbells.test.ts'],
    effort: 20,
  },
  // A million notifications, 100 000 shares and mappings.
  {
    name: 'joined',
    specs: ['test/interop/xensim/devices.test.ts', 'test/fuzz/guestSocket.test.ts'],
    effort: 100,
  },
  // 12 000 lives of a vchan.
  { name: 'vchan', specs: ['test/fuzz/vchan.test.ts'], effort: 10 },
  // Our ends of a vchan against libxenvchan: all orders, and a gigabyte each way.
  { name: 'vchanPeers', specs: ['test/interop/xensim/vchanEnds.test.ts'], effort: 128 },
  // The same as on a real host, where they look before they sleep: all orders, and 4 MiB each way.
  { name: 'vchanLooks', specs: ['test/interop/xensim/vchanLooks.test.ts'], effort: 8 },
  // 12 960 lives of a device of PV Calls, and a gigabyte each way through one.
  {
    name: 'pvcalls',
    specs: [
      'test/fuzz/pvcalls.test.ts',
      'test/fuzz/pvcallsHostile.test.ts',
      'test/fuzz/pvcallsComposer.test.ts',
    ],
    effort: 20,
  },
  { name: 'pvcallsTraffic', specs: ['test/interop/pvcalls.test.ts'], effort: 16 },
  // The same on a real Xen, under the daemon that the seed chooses.
  { name: 'realXen', xen: 'many calls of C|wrappers around C on real Xen', effort: 100 },
];
const parts = allParts.filter(({ name }) => name.includes(options.only));

const hourMs = 3_600_000;

async function round(seed) {
  for (const { name, specs, xen, effort } of parts) {
    const from = Date.now();
    const env = { XENSCOPE_SEED: String(seed), XENSCOPE_EFFORT: String(effort) };
    const tally = xen
      ? await onRealXen(xen, env)
      : await mochaStage(name, specs, {
          timeoutMs: hourMs,
          testTimeoutMs: hourMs,
          env,
          onLine: (line) => line.startsWith('· ') && say(`      ${line}`),
        });
    for (const { title, error } of tally.failures) say(`FAILED ${title}\n${error}`);
    for (const { title, why } of tally.skipped) say(`skipped ${title}: ${why}`);
    const words = Object.entries(env).map(([key, value]) => `${key}=${value}`);
    if (tally.failures.length > 0) {
      const program = xen ? `npm run test:xen -- --grep '${xen}'` : `npx mocha ${specs.join(' ')}`;
      say(`Repeat with: ${words.join(' ')} ${program}`);
      return false;
    }
    say(`ok ${name}, seed ${seed} (${seconds(Date.now() - from)})`);
  }
  return true;
}

async function onRealXen(grep, env) {
  const why = await whyNoMachine();
  if (why) return skipped('real Xen', why);
  Object.assign(process.env, env);
  try {
    return await runXenSuites({ grep, atOnce: availableParallelism() > 1 ? 2 : 1 });
  } finally {
    for (const name of Object.keys(env)) delete process.env[name];
  }
}

await main(async () => {
  const minutes = Number(options.minutes);
  if (!(minutes > 0) || parts.length === 0) {
    const names = allParts.map(({ name }) => name).join('|');
    say(`Usage: npm run soak -- [--minutes N] [--only ${names}]`);
    return 2;
  }
  const endMs = Date.now() + minutes * 60_000;
  do {
    if (!(await round(randomInt(2 ** 31)))) return 1;
  } while (Date.now() < endMs);
  return 0;
});

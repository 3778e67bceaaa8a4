/** Our libraries by themselves, from C: as Linux has it, and without leaks. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { effort } from '../../fuzz/seed';
import { describeWithDaemons } from '../daemons/requirements';
import { ProgramWorld, buildLibraries, compile } from './kit';

/** A hundredth of what `npm run soak` does. */
const rings = 10_000 * effort;
const mappings = 1000 * effort;
const maxGrowthBytes = 48 * 2 ** 20;

describeWithDaemons('the libraries for joined programs', () => {
  let devices: string;
  let worlds: ProgramWorld;
  before(() => (devices = compile('devices.c', 'xenctrl', 'xenevtchn', 'xenforeignmemory', 'xengnttab')));
  beforeEach(async () => (worlds = await ProgramWorld.open()));
  afterEach(() => worlds.close());

  it('declare what the headers of Xen declare', () => {
    compile('headers.c');
  });

  it('have each symbol that Debian’s have, in the same version', async () => {
    const folder = await buildLibraries();
    for (const name of ['libxenevtchn.so.1', 'libxengnttab.so.1', 'libxenforeignmemory.so.1']) {
      const [theirs, ours] = [symbolsOf(installed(name)), symbolsOf(path.join(folder, name))];
      assert.ok(theirs.length > 8, `${name}: ${theirs.length} symbols`);
      assert.deepEqual(ours, theirs, name);
    }
    const name = 'libxenctrl.so.4.17';
    const theirs = new Set(symbolsOf(installed(name)));
    const ours = symbolsOf(path.join(folder, name));
    assert.deepEqual(
      ours.filter((symbol) => !theirs.has(symbol)),
      [],
    );
    assert.ok(ours.includes('VERS_4.17.0 xc_domain_getinfo'));
  });

  it('mean what Linux means: masking, coalescing, rights, read-only mappings, notifications', async () => {
    const alice = await worlds.domain('alice');
    assert.equal(await (await worlds.start('alice', devices, 'semantics', alice)).output(), 'ok\n');
  });

  it('give domain 0 the pages of others and the list of domains, and others nothing', async () => {
    const alice = await worlds.domain('alice');
    const { gfn } = worlds.world.machine.startInfo(alice).xenstore;
    assert.equal(await (await worlds.start('0', devices, 'foreign', alice, gfn)).output(), 'ok\n');
    const { code, stderr } = await (await worlds.start('alice', devices, 'foreign', alice, gfn)).ended;
    assert.equal(code, 1);
    assert.match(stderr, /Operation not permitted/);
  });

  it('say on standard error that a program is part of no domain', async () => {
    const { status, stderr } = spawnSync(devices, ['semantics', '1'], {
      env: { ...process.env, LD_LIBRARY_PATH: await buildLibraries() },
      encoding: 'utf8',
    });
    assert.equal(status, 1);
    assert.match(stderr, /part of no simulated domain; start it with `xenscope run`/);
  });

  it(`leak nothing in ${rings} notifications and ${mappings} shares and mappings`, async function () {
    this.timeout(60_000 * effort);
    const alice = await worlds.domain('alice');
    const { machine } = worlds.world;
    const descriptors = () => readdirSync('/proc/self/fd').length;
    // Once before, so that what is made at the first use is there.
    for (const what of ['bells', 'maps'])
      await (await worlds.start('alice', devices, what, alice, 100)).output();
    await worlds.world.settled();
    const before = { usage: machine.usageOf(alice), pages: machine.pagesInUse, descriptors: descriptors() };
    global.gc?.();
    const { rss } = process.memoryUsage();
    await (await worlds.start('alice', devices, 'bells', alice, rings)).output();
    await (await worlds.start('alice', devices, 'maps', alice, mappings)).output();
    await worlds.world.settled();
    const after = { usage: machine.usageOf(alice), pages: machine.pagesInUse, descriptors: descriptors() };
    assert.deepEqual(after, before);
    global.gc?.();
    const grownBytes = process.memoryUsage().rss - rss;
    assert.ok(grownBytes < maxGrowthBytes, `${grownBytes} bytes more than before`);
  });
});

/** Where the linker finds Debian's. */
function installed(name: string): string {
  return execFileSync('gcc', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim();
}

/** `VERS_1.0 xenevtchn_open` for each function that a library gives, sorted. */
function symbolsOf(file: string): string[] {
  const table = execFileSync('objdump', ['-T', file], { encoding: 'utf8' });
  return [...table.matchAll(/ g {4}DF \.text\s+[0-9a-f]+\s+(VERS_\S+)\s+(\S+)$/gm)]
    .map(([, version, symbol]) => `${version} ${symbol}`)
    .sort();
}

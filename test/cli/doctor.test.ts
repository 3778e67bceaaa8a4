/** `xenscope doctor host`, on whatever machine this is: most have no Xen. */
import assert from 'node:assert/strict';
import { existsSync, symlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { reportText } from '../../server/cli/doctorVerb';
import type { Finding, HostReport } from '../../native/hostReport';
import { noXenLibraries } from '../support/noXenLibraries';
import { xenscope } from './xenscope';

describe('xenscope doctor host', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'doctor-'))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function report(...args: string[]): Promise<HostReport & { status: number | null }> {
    const socketPath = path.join(folder, 'socket');
    const { status, stdout, stderr } = await xenscope(['doctor', 'host', '--json', ...args], { socketPath });
    assert.equal(stderr, '');
    return { ...(JSON.parse(stdout) as HostReport), status };
  }
  const named = ({ findings }: HostReport, name: string): Finding =>
    findings.find((finding) => finding.name === name) ?? assert.fail(`nothing is said of ${name}`);

  it('tells of every piece, and ends with 1 when one is off', async () => {
    const found = await report();
    for (const name of ['kernel', 'Xen', 'runtime', 'koffi', 'user', path.join(folder, 'socket')]) {
      named(found, name);
    }
    const { state, switchesOff } = named(found, '/dev/xen/gntdev');
    assert.equal(state === 'missing', !existsSync('/dev/xen/gntdev'));
    if (state !== 'there') assert.match(switchesOff!, /rings of guests/);
    // Without it the list of domains is the xenstore's alone.
    const control = named(found, '/dev/xen/privcmd');
    if (control.state !== 'there') assert.match(control.switchesOff!, /how domains are/);
    assert.equal(
      found.isComplete,
      found.findings.every((one) => one.switchesOff === undefined),
    );
    assert.equal(found.status, found.isComplete ? 0 : 1);
  });

  it('tells whether a xenstored listens, is gone, or never was', async () => {
    const socketPath = path.join(folder, 'socket');
    assert.match(named(await report(), socketPath).detail, /^ENOENT\. /);
    const server = createServer((socket) => socket.end());
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    assert.equal(named(await report(), socketPath).state, 'there');
    await new Promise((resolve) => server.close(resolve));
    assert.equal(named(await report(), socketPath).state, 'missing');
  });

  it('looks for libraries where it is told to, and names a wrong one', async () => {
    // The mathematics of C bear the name, and lack every function.
    const maths = ['/lib/x86_64-linux-gnu/libm.so.6', '/lib/aarch64-linux-gnu/libm.so.6', '/lib64/libm.so.6'];
    const real = maths.find((file) => existsSync(file));
    if (real === undefined) return;
    symlinkSync(real, path.join(folder, 'libxengnttab.so.1'));
    const { state, detail, switchesOff } = named(await report('--libraries', folder), 'libxengnttab');
    assert.equal(state, 'missing');
    assert.match(detail, /libxengnttab\.so\.1 lacks xengnttab_open, .*another version of Xen/);
    assert.match(switchesOff!, /rings of guests/);
  });

  if (process.platform === 'linux') {
    it('names each library that cannot be loaded, what is off without it, and where it is to be had', async () => {
      const without = noXenLibraries();
      try {
        const socketPath = path.join(folder, 'socket');
        const { stdout, stderr } = await xenscope(['doctor', 'host', '--json'], {
          socketPath,
          env: without.env,
        });
        assert.equal(stderr, '');
        const found = JSON.parse(stdout) as HostReport;
        assert.ok(without.names.length > 6);
        for (const name of without.names) {
          const { state, detail, switchesOff, wayOut } = named(found, name);
          assert.equal(state, 'missing', name);
          const isForEngine = /^libxen(toollog|vchan)/.test(name);
          const more = isForEngine
            ? ' Off is only libxenvchan as the engine of a vchan.*; our own engine does without\\.'
            : '';
          assert.match(
            detail,
            new RegExp(`^The library ${name} cannot be loaded: .*file too short\\.${more}$`),
          );
          assert.match(wayOut!, /^Install it anew \(Debian: libxen\w+.*\)/);
          // The engine of a vchan that needs them is one of two: the machine is complete without.
          assert.equal(switchesOff === undefined, isForEngine, name);
        }
        assert.equal(named(found, 'koffi').state, 'there');
      } finally {
        without.remove();
      }
    });
  }

  it('says it in words, one paragraph for each kind', async () => {
    const { stdout } = await xenscope(['doctor', 'host'], { socketPath: path.join(folder, 'socket') });
    assert.match(stdout, /^This machine\n {2}ok {2}kernel /);
    for (const heading of ['This program', 'The store', 'Devices', 'Libraries']) {
      assert.match(stdout, new RegExp(`\n\n${heading}\n`));
    }
  });

  it('says what is switched off and what to do, and nothing of the kind where all is there', () => {
    const there: Finding = { group: 'machine', name: 'Xen', state: 'there', detail: '4.17 runs.' };
    assert.match(reportText({ findings: [there], isComplete: true }), /Nothing is missing/);
    const missing: Finding = {
      group: 'devices',
      name: '/dev/xen/evtchn',
      state: 'missing',
      detail: 'ENOENT.',
      switchesOff: 'doorbells',
      wayOut: 'modprobe xen-evtchn',
    };
    const text = reportText({ findings: [there, missing], isComplete: false });
    assert.match(text, / {2}-- {2}\/dev\/xen\/evtchn ENOENT\.\n +Off: doorbells\.\n +modprobe xen-evtchn\n/);
    assert.match(text, /switches off what is said there/);
  });

  it('takes nonsense for what it is', async () => {
    for (const args of [['doctor', 'host', '--nonsense'], ['doctor', 'nobody'], ['doctor']]) {
      assert.equal((await xenscope(args, { socketPath: '/nowhere' })).status, 2, args.join(' '));
    }
  });
});

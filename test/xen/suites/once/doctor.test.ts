/** `xenscope doctor host` where there is a host: nothing is missing for root, and much is refused to others. */
import assert from 'node:assert/strict';
import { reportHost } from '../../../../native/hostReport';
import type { HostReport } from '../../../../native/hostReport';
import { loadKoffi } from '../../../../native/koffi';
import { XenLibraries } from '../../../../native/libraries/xenLibraries';
import { run, storeSocket, xenscope } from '../../support/dom0';

const nobody = 65_534;

if (process.argv[2] === 'as-nobody') {
  // Another user may not read where koffi lies: it is loaded before.
  loadKoffi();
  process.setgroups!([]);
  process.setgid!(nobody);
  process.setuid!(nobody);
  void reportHost(new XenLibraries(), storeSocket).then((report) => console.log(JSON.stringify(report)));
} else {
  describe('xenscope doctor host in dom0', () => {
    it('misses nothing, and says so', async () => {
      const { status, stdout, stderr } = await xenscope(['doctor', 'host']);
      assert.deepEqual({ status, stderr }, { status: 0, stderr: '' }, stdout);
      assert.match(stdout, /ok {2}Xen +4\.\d+.* runs under this kernel/);
      assert.match(stdout, /This is the control domain \(dom0\)/);
      for (const device of ['gntdev', 'gntalloc', 'evtchn', 'privcmd', 'xenbus']) {
        assert.match(stdout, new RegExp(`ok {2}/dev/xen/${device} `));
      }
      for (const library of ['gnttab', 'evtchn', 'foreignmemory', 'ctrl', 'vchan', 'store']) {
        assert.match(stdout, new RegExp(`ok {2}libxen${library} +/.*/libxen${library}\\.so\\.`));
      }
      assert.match(stdout, new RegExp(`ok {2}${storeSocket} +A xenstored listens`));
      assert.match(stdout, /Nothing is missing/);
    });

    it('tells another user what only root may do', async () => {
      const { status, stdout, stderr } = await run(process.execPath, [__filename, 'as-nobody']);
      assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
      const { findings, isComplete } = JSON.parse(stdout) as HostReport;
      assert.equal(isComplete, false);
      for (const name of ['/dev/xen/gntdev', '/dev/xen/privcmd', storeSocket]) {
        const finding = findings.find((one) => one.name === name)!;
        assert.equal(finding.state, 'refused', JSON.stringify(finding));
        assert.match(finding.detail, /^EACCES\. This user may not/);
        assert.match(finding.wayOut!, /root/);
      }
    });
  });
}

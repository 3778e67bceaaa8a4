import assert from 'node:assert/strict';
import { domainPath } from '../../server/wire/xsPath';
import { bootLinux } from '../../server/sim/guests/linux';
import type { World } from '../../server/sim/world';
import { closeWorlds, dump, openWorld, plainGuest } from './worldKit';
import type { Dump } from './worldKit';

/**
 * What a real dom0 (Xen 4.17, one PV guest with nothing but a console) shows under the paths of its
 * guest: `G` stands for the guest's domid, `U` for its uuid.
 */
const oneGuest = `
  /libxl/G (n0)
  /libxl/G/device (n0)
  /libxl/G/device/console (n0)
  /libxl/G/device/console/0 (n0)
  /libxl/G/device/console/0/backend (n0) = /local/domain/0/backend/console/G/0
  /libxl/G/device/console/0/frontend (n0) = /local/domain/G/console
  /libxl/G/device/console/0/frontend-id (n0) = G
  /libxl/G/device/console/0/online (n0) = 1
  /libxl/G/device/console/0/protocol (n0) = vt100
  /libxl/G/device/console/0/state (n0) = 1
  /libxl/G/dm-version (n0) = qemu_xen
  /libxl/G/type (n0) = pv
  /local/domain/0/backend/console/G (n0)
  /local/domain/0/backend/console/G/0 (n0,rG)
  /local/domain/0/backend/console/G/0/frontend (n0,rG) = /local/domain/G/console
  /local/domain/0/backend/console/G/0/frontend-id (n0,rG) = G
  /local/domain/0/backend/console/G/0/online (n0,rG) = 1
  /local/domain/0/backend/console/G/0/protocol (n0,rG) = vt100
  /local/domain/0/backend/console/G/0/state (n0,rG) = 1
  /local/domain/G (n0,rG)
  /local/domain/G/attr (nG)
  /local/domain/G/console (n0,rG)
  /local/domain/G/console/backend (n0,rG) = /local/domain/0/backend/console/G/0
  /local/domain/G/console/backend-id (nG,r0) = 0
  /local/domain/G/console/limit (n0,rG) = 1048576
  /local/domain/G/console/output (n0,rG) = pty
  /local/domain/G/console/port (n0,rG) = 2
  /local/domain/G/console/ring-ref (n0,rG) = #
  /local/domain/G/console/tty (n0,rG) = /dev/pts/0
  /local/domain/G/console/type (n0,rG) = xenconsoled
  /local/domain/G/control (n0,rG)
  /local/domain/G/control/feature-poweroff (nG) = 1
  /local/domain/G/control/feature-reboot (nG) = 1
  /local/domain/G/control/feature-suspend (nG) = 1
  /local/domain/G/control/platform-feature-multiprocessor-suspend (n0,rG) = 1
  /local/domain/G/control/platform-feature-xs_reset_watches (n0,rG) = 1
  /local/domain/G/control/shutdown (nG)
  /local/domain/G/control/sysrq (nG)
  /local/domain/G/cpu (n0,rG)
  /local/domain/G/cpu/0 (n0,rG)
  /local/domain/G/cpu/0/availability (n0,rG) = online
  /local/domain/G/data (nG)
  /local/domain/G/device (n0,rG)
  /local/domain/G/device/suspend (n0,rG)
  /local/domain/G/device/suspend/event-channel (nG)
  /local/domain/G/domid (n0,rG) = G
  /local/domain/G/drivers (nG)
  /local/domain/G/error (nG)
  /local/domain/G/feature (nG)
  /local/domain/G/memory (n0,rG)
  /local/domain/G/memory/static-max (n0,rG) = 196608
  /local/domain/G/memory/target (n0,rG) = 196608
  /local/domain/G/memory/videoram (n0,rG) = 0
  /local/domain/G/name (n0,rG) = guest
  /local/domain/G/store (n0,rG)
  /local/domain/G/store/port (n0,rG) = 1
  /local/domain/G/store/ring-ref (n0,rG) = #
  /local/domain/G/vm (n0,rG) = /vm/U
  /vm/U (n0,rG)
  /vm/U/image (n0,rG)
  /vm/U/image/cmdline (n0,rG) = console=hvc0
  /vm/U/image/kernel (n0,rG) = /boot/vmlinux
  /vm/U/image/ostype (n0,rG) = linux
  /vm/U/image/ramdisk (n0,rG) = /boot/domu.img
  /vm/U/name (n0,rG) = guest
  /vm/U/start_time (n0,rG) = #
  /vm/U/uuid (n0,rG) = U
`;

/** Differ from run to run. */
const numberedNodes = /(ring-ref|start_time)$/;

/** The nodes that speak of one guest, in the notation of the table above. */
function nodesOf(nodes: Dump, domid: number, uuid: string): string[] {
  const backends = `local/domain/0/backend/[a-z]+/${domid}`;
  const mine = new RegExp(`^/(vm/${uuid}|libxl/${domid}|local/domain/${domid}|${backends})(/|$)`);
  return [...nodes]
    .filter(([path]) => mine.test(path))
    .map(([path, { value, perms }]) => {
      const shown = numberedNodes.test(path) ? value.replace(/^[0-9.]+$/, '#') : value;
      return `${path} (${perms})${shown === '' ? '' : ` = ${shown}`}`;
    })
    .sort();
}

/** Names of the children of `path`, in the store's order. */
function childrenOf(nodes: Dump, path: string): string[] {
  const prefix = `${path}/`;
  return [...nodes.keys()]
    .filter((each) => each.startsWith(prefix) && !each.slice(prefix.length).includes('/'))
    .map((each) => each.slice(prefix.length));
}

function value(nodes: Dump, path: string): string {
  const node = nodes.get(path);
  assert.ok(node, `${path} is missing`);
  return node.value;
}

const domidOf = (world: World, name: string) => world.hypervisor.byName(name)!.domid;

describe('the tree of a world', () => {
  afterEach(closeWorlds);

  it('shows a plain PV guest as a real dom0 does, node by node', async () => {
    const guest = plainGuest({ guest: (domain, { config }) => bootLinux(domain, config) });
    const world = await openWorld({ domains: [guest] });
    const nodes = await dump(world);
    const uuid = value(nodes, '/local/domain/1/vm').replace('/vm/', '');
    const expected = oneGuest
      .split('\n')
      .map((line) => line.trim().replaceAll('G', '1').replaceAll('U', uuid))
      .filter((line) => line !== '')
      .sort();
    assert.deepEqual(nodesOf(nodes, 1, uuid), expected);
  });

  it('has the nodes of a host itself', async () => {
    const nodes = await dump(await openWorld({ domains: [] }));
    for (const path of ['/tool/xenstored', '/vm', '/libxl', '/local/pool/0'])
      assert.ok(nodes.has(path), path);
    assert.equal(value(nodes, '/local/domain/0/name'), 'Domain-0');
    assert.equal(value(nodes, '/local/domain/0/control/feature-poweroff'), '1');
    assert.equal(value(nodes, '/local/pool/0/name'), 'Pool-0');
    for (const [path, { perms }] of nodes) assert.equal(perms, 'n0', path);
  });

  it('connects vif and vbd with the nodes and permissions of both ends', async () => {
    const world = await openWorld();
    const nodes = await dump(world);
    const database = domidOf(world, 'database');
    const front = `${domainPath(database)}/device/vbd/51712`;
    const back = `/local/domain/0/backend/vbd/${database}/51712`;
    assert.deepEqual(childrenOf(nodes, front), [
      ...['backend', 'backend-id', 'state', 'virtual-device', 'device-type'],
      ...['ring-ref', 'event-channel', 'protocol', 'feature-persistent'],
    ]);
    assert.deepEqual(childrenOf(nodes, back), [
      ...['frontend', 'params', 'script', 'frontend-id', 'online', 'removable', 'bootable', 'state'],
      ...['dev', 'type', 'mode', 'device-type', 'discard-enable', 'feature-max-indirect-segments'],
      ...['multi-queue-max-queues', 'max-ring-page-order', 'physical-device', 'physical-device-path'],
      ...['hotplug-status', 'feature-flush-cache', 'discard-granularity', 'discard-alignment'],
      ...['discard-secure', 'feature-discard', 'feature-barrier', 'feature-persistent', 'sectors'],
      ...['info', 'sector-size', 'physical-sector-size'],
    ]);
    for (const end of [front, back]) assert.equal(value(nodes, `${end}/state`), '4', end);
    assert.equal(value(nodes, `${front}/backend`), back);
    assert.equal(value(nodes, `${back}/frontend`), front);
    assert.equal(nodes.get(`${front}/ring-ref`)?.perms, `n${database},r0`);
    assert.equal(nodes.get(`${back}/sectors`)?.perms, `n0,r${database}`);

    const web = domidOf(world, 'web');
    const driver = domidOf(world, 'net-driver');
    const vif = `${domainPath(driver)}/backend/vif/${web}/0`;
    assert.equal(value(nodes, `${vif}/state`), '4');
    assert.equal(value(nodes, `${vif}/hotplug-status`), 'connected');
    assert.equal(nodes.get(vif)?.perms, `n${driver},r${web}`);
    assert.equal(
      nodes.get(`${domainPath(web)}/device/vif/0/queue-1/tx-ring-ref`)?.perms,
      `n${web},r${driver}`,
    );
  });

  it('connects every device but those without a driver', async () => {
    const nodes = await dump(await openWorld());
    const open = [...nodes].filter(([path, node]) => {
      const isState = /^\/local\/domain\/\d+\/(device|backend)\/[a-z]+\/.*\/state$/.test(path);
      return isState && !path.includes('/console/') && node.value !== '4';
    });
    // Windows has no driver for the keyboard: its backend waits.
    assert.deepEqual(
      open.map(([path, node]) => [path.replace(/\d+\/\d+\/state|\d+\/state/, ''), node.value]).sort(),
      [
        ['/local/domain/0/backend/vkbd/', '2'],
        ['/local/domain/5/device/vkbd/', '1'],
      ],
    );
  });

  it('gives HVM guests their device model, in domain 0 or in a stub domain', async () => {
    const world = await openWorld();
    const nodes = await dump(world);
    const windows = domidOf(world, 'windows');
    assert.equal(value(nodes, `/local/domain/0/device-model/${windows}/state`), 'running');
    assert.match(value(nodes, `${domainPath(windows)}/image/device-model-pid`), /^[0-9]+$/);
    assert.equal(value(nodes, `${domainPath(windows)}/hvmloader/bios`), 'seabios');
    assert.equal(value(nodes, `${domainPath(windows)}/attr/os/class`), 'windows NT');

    const target = domidOf(world, 'old-hvm');
    const stub = domidOf(world, 'old-hvm-dm');
    assert.equal(value(nodes, `${domainPath(stub)}/target`), String(target));
    assert.equal(value(nodes, `${domainPath(target)}/image/device-model-domid`), String(stub));
    assert.deepEqual(nodes.get(`${domainPath(stub)}/device-model/${target}/state`), {
      value: 'running',
      perms: `n${stub},r${target}`,
    });
  });
});

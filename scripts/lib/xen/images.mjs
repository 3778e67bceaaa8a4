// From unpacked packages to what QEMU boots: Xen and a kernel, dom0's first file system and its root,
// and the small system of the guests. The files of `test/xen/machine` are what runs in there.
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { root } from '../setup.mjs';
import { cpioOf } from './cpio.mjs';
import { copyModules, kernelRelease, unpackKernel } from './kernel.mjs';
import { runIn } from './packages.mjs';

export const machineFiles = path.join(root, 'test', 'xen', 'machine');

/** Of dom0: its disk, what it shares with us, its network, and the devices of Xen. */
const dom0Modules = [
  ...['virtio_pci', 'virtio_blk', 'ext4', 'crc32c_generic', '9p', '9pnet_virtio', 'virtio_net'],
  ...['xen-evtchn', 'xen-gntdev', 'xen-gntalloc', 'xen-privcmd', 'xenfs', 'xen-blkback'],
];
/** Of a guest that is given dom0's disk to read. */
const guestDiskModules = ['xen-blkfront', 'ext4', 'crc32c_generic'];
/** Of guests that serve devices to others, and of those that are served a network. */
const driverModules = ['xen-blkback', 'xen-netback', 'xen-netfront'];
const guestModules = ['xen-evtchn', 'xen-gntdev', 'xen-gntalloc', 'xenfs', 'xen-privcmd'];
const guestLibraries =
  /^(ld-linux-x86-64|libc|libdl|libxen(store|toolcore|toollog|evtchn|gnttab|vchan))\.so\./;
const notInDom0 = /^(boot|usr\/share|usr\/lib\/xen-[\d.]+\/(boot|lib\/python)|lib\/udev|etc\/init\.d)$/;
/** Room for the largest Node and for what tests write; the file takes only what is in it. */
const rootMiB = 640;

export async function makeImages({ packages, node, folder }) {
  const tree = (name) => path.join(packages, name);
  const image = (name) => path.join(folder, name);
  const scratch = path.join(folder, 'scratch');
  const [xen] = readdirSync(path.join(tree('dom0'), 'boot')).filter((name) => /^xen-.*\.gz$/.test(name));
  writeFileSync(image('xen'), gunzipSync(readFileSync(path.join(tree('dom0'), 'boot', xen))));
  const bzImage = path.join(tree('kernel'), 'boot', `vmlinuz-${kernelRelease(tree('kernel'))}`);
  await unpackKernel(bzImage, image('vmlinux'), (args) => runIn(tree('host'), 'usr/bin/xz', args));

  const dom0First = path.join(scratch, 'dom0-first');
  smallSystem(tree, dom0First, 'dom0-first-init', dom0Modules);
  writeFileSync(image('dom0.cpio'), cpioOf(dom0First));

  const guest = path.join(scratch, 'guest');
  smallSystem(tree, guest, 'guest-init', guestModules);
  addXenstoreTools(tree('dom0'), guest);
  copyModules(tree('kernel'), guestDiskModules, path.join(guest, 'disk-modules'));
  writeFileSync(image('guest.cpio'), cpioOf(guest));

  const dom0 = path.join(scratch, 'dom0');
  dom0Root(tree('dom0'), dom0, node);
  // On the disk that guests may read: most need none of them.
  copyModules(tree('kernel'), driverModules, path.join(dom0, 'driver-modules'));
  for (const name of ['vmlinux', 'guest.cpio']) copyFileSync(image(name), path.join(dom0, 'boot', name));
  const features = ['-O', '^has_journal,^metadata_csum', '-E', 'root_owner=0:0'];
  const args = ['-q', '-t', 'ext4', ...features, '-d', dom0, image('dom0.ext4'), `${rootMiB}M`];
  await runIn(tree('host'), 'sbin/mke2fs', args);
  rmSync(scratch, { recursive: true });
}

/** A first file system: busybox, modules with the order to load them in, and a script that is process 1. */
function smallSystem(tree, folder, init, modules) {
  for (const name of ['bin', 'dev', 'proc', 'sys', 'root', 'tmp']) {
    mkdirSync(path.join(folder, name), { recursive: true });
  }
  copyFileSync(path.join(tree('dom0'), 'bin', 'busybox'), path.join(folder, 'bin', 'busybox'));
  copyFileSync(path.join(machineFiles, init), path.join(folder, 'init'));
  chmodSync(path.join(folder, 'init'), 0o755);
  copyModules(tree('kernel'), modules, path.join(folder, 'modules'));
}

function addXenstoreTools(dom0, folder) {
  const libraries = 'lib/x86_64-linux-gnu';
  for (const name of ['usr/bin', libraries, 'lib64']) mkdirSync(path.join(folder, name), { recursive: true });
  for (const name of readdirSync(path.join(dom0, 'usr/bin'))) {
    if (!/^xenstore(-|$)/.test(name) || name === 'xenstore-control') continue;
    copyFileSync(path.join(dom0, 'usr/bin', name), path.join(folder, 'usr/bin', name));
  }
  for (const from of [libraries, `usr/${libraries}`]) {
    for (const name of readdirSync(path.join(dom0, from))) {
      if (!guestLibraries.test(name)) continue;
      copyFileSync(path.join(dom0, from, name), path.join(folder, libraries, name));
    }
  }
  symlinkSync('/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2', path.join(folder, 'lib64/ld-linux-x86-64.so.2'));
}

function dom0Root(dom0, folder, node) {
  cpSync(dom0, folder, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (from) => !notInDom0.test(path.relative(dom0, from)),
  });
  for (const name of ['boot', 'dev', 'proc', 'sys', 'run', 'tmp', 'root', 'shared', 'side', 'var/log/xen']) {
    mkdirSync(path.join(folder, name), { recursive: true });
  }
  for (const name of ['lib/xenstored', 'lib/xen']) {
    mkdirSync(path.join(folder, 'var', name), { recursive: true });
  }
  for (const name of ['xenscope', 'suites']) symlinkSync(`/shared/${name}`, path.join(folder, name));
  symlinkSync('/run', path.join(folder, 'var/run'));
  symlinkSync('/run/lock', path.join(folder, 'var/lock'));
  // No package's own scripts ran, so what they would have made is made here.
  writeFileSync(
    path.join(folder, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nguest:x:1000:1000::/:/bin/sh\n',
  );
  writeFileSync(path.join(folder, 'etc/group'), 'root:x:0:\nguest:x:1000:\n');
  writeFileSync(path.join(folder, 'etc/hosts'), '127.0.0.1 localhost dom0\n');
  copyFileSync(realpathSync(node), path.join(folder, 'usr/bin/node'));
  cpSync(machineFiles, path.join(folder, 'machine'), { recursive: true });
  chmodSync(path.join(folder, 'machine', 'guest-disk'), 0o755);
}

// How QEMU emulates a machine that Xen and a dom0 run on. No /dev/kvm is asked for: it all happens in
// one process of this user.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { commandIn } from './packages.mjs';

const dom0MiB = 1024;

/**
 * `max` is all that the emulation knows, but for three things with which QEMU 7.2 goes wrong under
 * Xen: with SMAP, its IRET reads dom0's stack with the wrong rights, and dom0 dies at its first one;
 * with XSAVE, programs get each other's vector registers as soon as a second domain runs; and five
 * levels of page tables are of no use here. More than one processor makes everything slower.
 */
const processor = ['-cpu', 'max,smap=off,xsave=off,la57=off', '-smp', '1'];
const accelerator = ['-accel', 'tcg,thread=single,tb-size=512'];

/** Mitigations would protect nobody here, and each costs time under emulation. */
const xenOptions = [
  `dom0_mem=${dom0MiB}M,max:${dom0MiB}M`,
  ...['com1=115200,8n1', 'console=com1', 'console_timestamps=boot', 'loglvl=warning', 'guest_loglvl=warning'],
  ...['spec-ctrl=no', 'xpti=no', 'pcid=no', 'iommu=0', 'cpuidle=0'],
];
/** The last two leave checks out that cost a second of emulation. */
const linuxOptions = [
  'console=hvc0',
  'loglevel=5',
  'mitigations=off',
  'audit=0',
  'rodata=off',
  'cryptomgr.notests',
];

/**
 * The command line of QEMU. `shared` is a folder that dom0 mounts to read; `gatePort` is
 * where dom0's gate is reached, on loopback only; dom0 itself reaches nothing.
 */
export function qemuCommand({ machine, memoryMiB, shared, gatePort, consoleLog }) {
  const host = path.join(machine.packages, 'host');
  const image = (name) => path.join(machine.folder, name);
  const folders = ['qemu', 'seabios'].map((name) => path.join(host, 'usr/share', name));
  const args = [
    ...accelerator,
    ...['-machine', 'pc', ...processor, '-m', String(memoryMiB)],
    ...folders.filter((folder) => existsSync(folder)).flatMap((folder) => ['-L', folder]),
    ...['-display', 'none', '-vga', 'none', '-monitor', 'none', '-no-reboot'],
    ...['-serial', `file:${escaped(consoleLog)}`],
    // Xen is a multiboot kernel; its first module is dom0's kernel and its second dom0's first files.
    ...['-kernel', image('xen'), '-append', xenOptions.join(' ')],
    ...['-initrd', `${escaped(image('vmlinux'))} ${linuxOptions.join(' ')},${escaped(image('dom0.cpio'))}`],
    // What is written to the disk goes with the process.
    ...['-drive', `file=${escaped(image('dom0.ext4'))},if=none,id=disk,format=raw,snapshot=on`],
    ...['-device', 'virtio-blk-pci,drive=disk'],
    ...['-netdev', `user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:${gatePort}-10.0.2.15:1`],
    ...['-device', 'virtio-net-pci,netdev=net,romfile='],
    ...['-fsdev', `local,id=shared,path=${escaped(shared)},security_model=none,readonly=on`],
    ...['-device', 'virtio-9p-pci,fsdev=shared,mount_tag=shared'],
  ];
  return {
    // Ends with us however we end, and leaves the machine to others when they want it.
    command: 'setpriv',
    args: [
      '--pdeathsig',
      'KILL',
      'nice',
      '-n',
      '3',
      ...commandIn(host, 'usr/bin/qemu-system-x86_64'),
      ...args,
    ],
    env: { QEMU_MODULE_DIR: path.join(host, 'usr/lib/x86_64-linux-gnu/qemu') },
  };
}

/** A comma within a value is doubled. */
const escaped = (value) => value.replaceAll(',', ',,');

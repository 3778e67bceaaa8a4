// Linux as its package ships it, made ready to boot quickly: the kernel unpacked here rather than
// under emulation, and its modules in the order in which they can be loaded.
import { mkdirSync, readdirSync, readFileSync, writeFileSync, copyFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Told } from '../progress.mjs';

/**
 * Writes the ELF kernel within a bzImage to `target`. Where its payload is stands in the header
 * (Documentation/x86/boot.rst: setup_sects, payload_offset, payload_length). An unknown packing is
 * left as it is: that boots too, some seconds later. `xz` runs that program with arguments.
 */
export async function unpackKernel(bzImage, target, xz) {
  const image = readFileSync(bzImage);
  const codeAt = ((image[0x1f1] || 4) + 1) * 512;
  const from = codeAt + image.readUInt32LE(0x248);
  const payload = image.subarray(from, from + image.readUInt32LE(0x24c));
  if (payload.readUInt16BE(0) === 0x1f8b) writeFileSync(target, gunzipSync(payload));
  else if (payload.toString('latin1', 1, 5) === '7zXZ') {
    // The last word is the unpacked size, which belongs to the kernel and not to the archive.
    writeFileSync(`${target}.xz`, payload.subarray(0, -4));
    await xz(['--decompress', `${target}.xz`]);
  } else copyFileSync(bzImage, target);
}

/** The release of the kernel in an unpacked package, as in `lib/modules/<release>`. */
export function kernelRelease(tree) {
  const [release] = readdirSync(path.join(tree, 'lib', 'modules'));
  if (!release) throw new Told('The kernel package has no modules.');
  return release;
}

/** Copies modules with all that they need into `folder`, and their names to `order` there. */
export function copyModules(tree, names, folder) {
  const base = path.join(tree, 'lib', 'modules', kernelRelease(tree), 'kernel');
  const files = new Map(
    readdirSync(base, { recursive: true })
      .filter((file) => file.endsWith('.ko'))
      .map((file) => [nameOf(path.basename(file, '.ko')), path.join(base, file)]),
  );
  const order = [];
  const take = (name) => {
    const file = files.get(nameOf(name));
    // Not there as a module: Debian built it in, or will say so when something does not work.
    if (!file || order.includes(file)) return;
    for (const needed of neededBy(file)) take(needed);
    order.push(file);
  };
  names.forEach(take);
  mkdirSync(folder, { recursive: true });
  for (const file of order) copyFileSync(file, path.join(folder, path.basename(file)));
  writeFileSync(path.join(folder, 'order'), order.map((file) => `${path.basename(file)}\n`).join(''));
}

const nameOf = (module) => module.replaceAll('-', '_');

/** What the module itself says in its section .modinfo: `depends=a,b`. */
function neededBy(file) {
  const bytes = readFileSync(file);
  const at = bytes.indexOf('\0depends=');
  if (at < 0) return [];
  const from = at + '\0depends='.length;
  return bytes.toString('latin1', from, bytes.indexOf(0, from)).split(',').filter(Boolean);
}

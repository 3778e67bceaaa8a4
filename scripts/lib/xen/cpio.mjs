// Writes a folder as an archive that Linux unpacks as its first file system: cpio, format newc
// (Documentation/driver-api/early-userspace/buffer-format.rst of the kernel).
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';

/** The archive of all that is below `folder`, with root as owner of everything. */
export function cpioOf(folder) {
  const parts = [];
  let inode = 0;
  const add = (name, mode, content) => {
    const title = Buffer.from(`${name}\0`);
    const fields = [++inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, title.length, 0];
    parts.push(Buffer.from(`070701${fields.map(hex).join('')}`));
    parts.push(title, padding(110 + title.length), content, padding(content.length));
  };
  const walk = (place) => {
    for (const name of readdirSync(path.join(folder, place)).sort()) {
      const inside = place ? `${place}/${name}` : name;
      const full = path.join(folder, inside);
      const stat = lstatSync(full);
      if (stat.isDirectory()) {
        add(inside, stat.mode, Buffer.alloc(0));
        walk(inside);
      } else if (stat.isSymbolicLink()) add(inside, stat.mode, Buffer.from(readlinkSync(full)));
      else if (stat.isFile()) add(inside, stat.mode, readFileSync(full));
    }
  };
  walk('');
  add('TRAILER!!!', 0, Buffer.alloc(0));
  return Buffer.concat(parts);
}

const hex = (number) => number.toString(16).padStart(8, '0');
const padding = (length) => Buffer.alloc((4 - (length % 4)) % 4);

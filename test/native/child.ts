/** Another process that has to do with shared pages: `node --import tsx child.ts VERB ARGUMENT…`. */
import { readFileSync } from 'node:fs';
import { mapPagesFile, openFilePages } from '../../native/pages';

/** How often each side adds in the test that adds on both. */
export const additions = 200_000;

const verbs: Record<string, (...args: string[]) => void> = {
  /** Prints the first bytes as text and answers in the bytes after them. */
  look(file, length) {
    const { buffer } = mapPagesFile(file!, 1, 'write');
    const bytes = Buffer.from(buffer);
    console.log(bytes.toString('utf8', 0, Number(length)));
    bytes.write('seen', 100);
  },
  /** Says that it is there, waits until the other side is, and adds. */
  add(file) {
    const words = new Int32Array(mapPagesFile(file!, 1, 'write').buffer);
    Atomics.store(words, 1, 1);
    while (Atomics.load(words, 2) === 0);
    for (let done = 0; done < additions; done++) Atomics.add(words, 0, 1);
  },
  /** Has pages until it is killed. */
  hold(folder) {
    const { path } = openFilePages({ folder: folder! }).allocate(2);
    console.log(path);
    setInterval(() => undefined, 60_000);
  },
  /** Has and frees a gigabyte, a little at a time, and prints by how many MiB of addresses it has grown. */
  recycle() {
    // The engine reserves address space in gigabytes that nobody may touch: that does not count.
    const addressedMiB = () => {
      const regions = readFileSync('/proc/self/maps', 'utf8').matchAll(/^([0-9a-f]+)-([0-9a-f]+) [r-]w/gm);
      return (
        [...regions].reduce((sum, [, from, to]) => sum + parseInt(to!, 16) - parseInt(from!, 16), 0) / 2 ** 20
      );
    };
    const pool = openFilePages();
    const before = addressedMiB();
    for (let round = 0; round < 512; round++) {
      const shared = pool.allocate(256);
      new Uint8Array(shared.buffer)[0] = new Uint8Array(shared.readOnly().buffer)[1]!;
      shared.free();
    }
    pool.close();
    globalThis.gc!();
    // What the collector found is given back in a turn of its own.
    setImmediate(() => setImmediate(() => console.log(`${Math.round(addressedMiB() - before)} MiB more`)));
  },
  /** Has pages and ends without a word. */
  leave(folder) {
    openFilePages({ folder: folder! }).allocate(1);
    process.exit(0);
  },
  /** Writes where it may only read. */
  trespass() {
    const shared = openFilePages().allocate(1);
    const view = shared.readOnly();
    new Uint8Array(shared.buffer)[0] = 7;
    console.log(`read ${new Uint8Array(view.buffer)[0]}`);
    // Nobody will be left to remove the folder; the next one who makes one does.
    new Uint8Array(view.buffer)[0] = 8;
    console.log('written');
  },
};

if (require.main === module) verbs[process.argv[2]!]!(...process.argv.slice(3));

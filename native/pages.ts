/**
 * Pages in files that other processes can map: a folder of our own in the memory file system, one
 * file for each allocation. The bytes lie in memory only and are gone with the last who maps them.
 */
import { closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { XenscopeError } from '../server/host/errors';
import { PAGE_BYTES } from '../server/host/pages';
import type { PagePool, SharedPages } from '../server/host/pages';
import { loadLibc } from './libc';
import type { MappedBytes } from './libc';
import { makePrivateFolder } from './privateFolder';

/** 256 MiB, as for pages of one process. */
const maxFilePages = 65_536;
const memoryFolder = '/dev/shm';

export interface FilePagesOptions {
  /** Where the folder with the files is made; the memory file system when absent. */
  readonly folder?: string;
  /** How many pages may be out at once. */
  readonly maxPages?: number;
}

/** Throws a XenscopeError `unsupported` that says why, where files cannot be shared as memory. */
export function openFilePages({
  folder = memoryFolder,
  maxPages = maxFilePages,
}: FilePagesOptions = {}): PagePool {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new XenscopeError('unsupported', `There is no folder ${folder} for shared memory.`, {
      wayOut: 'The simulator works without; other processes cannot join its pages then.',
    });
  }
  const pool = new FilePages(folder, maxPages);
  try {
    // What cannot be done here shows now, and not when a guest boots.
    pool.allocate(1).free();
  } catch (error) {
    pool.close();
    throw error;
  }
  return pool;
}

/** Maps pages that another process shares as a file; see SharedPages.path. */
export function mapPagesFile(file: string, pages: number, access: 'read' | 'write'): MappedBytes {
  const fd = openSync(file, access === 'write' ? 'r+' : 'r');
  try {
    return loadLibc().map(fd, pages * PAGE_BYTES, access);
  } finally {
    closeSync(fd);
  }
}

class FilePages implements PagePool {
  readonly isShared = true;
  readonly #folder;
  readonly #maxPages: number;
  readonly #out = new Set<SharedPages>();
  #pages = 0;
  #files = 0;
  #isClosed = false;

  constructor(parent: string, maxPages: number) {
    loadLibc();
    this.#folder = makePrivateFolder(parent);
    this.#maxPages = maxPages;
  }

  get folder(): string {
    return this.#folder.path;
  }

  allocate(pages: number): SharedPages {
    if (this.#isClosed) throw new XenscopeError('gone', 'The host that these pages were for is closed.');
    if (!Number.isInteger(pages) || pages < 1) throw new RangeError(`${pages} is no number of pages`);
    if (this.#pages + pages > this.#maxPages)
      throw noRoom(`All ${this.#maxPages} pages of this host are in use.`);
    const file = path.join(this.#folder.path, `pages-${++this.#files}`);
    const { fd, mapped } = makeFile(file, pages);
    this.#pages += pages;
    const views = new Set<MappedBytes>();
    const shared: SharedPages = {
      pages,
      buffer: mapped.buffer,
      path: file,
      readOnly: () => {
        const view = loadLibc().map(fd, pages * PAGE_BYTES, 'read');
        views.add(view);
        return {
          buffer: view.buffer,
          close() {
            views.delete(view);
            view.unmap();
          },
        };
      },
      free: () => {
        if (!this.#out.delete(shared)) return;
        this.#pages -= pages;
        for (const view of views) view.unmap();
        mapped.unmap();
        closeSync(fd);
        rmSync(file, { force: true });
      },
    };
    this.#out.add(shared);
    return shared;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const shared of [...this.#out]) shared.free();
    this.#folder.remove();
  }
}

/**
 * Makes a file of zeroes and maps it. The zeroes are written, so that room is there when somebody
 * needs it; the file stays open, so that it can be mapped again if somebody tidied it away.
 */
function makeFile(file: string, pages: number): { readonly fd: number; readonly mapped: MappedBytes } {
  let fd: number | undefined;
  try {
    fd = openSync(file, 'wx+', 0o600);
    const zeroes = Buffer.alloc(pages * PAGE_BYTES);
    for (let written = 0; written < zeroes.length;) written += writeSync(fd, zeroes, written);
    return { fd, mapped: loadLibc().map(fd, zeroes.length, 'write') };
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    rmSync(file, { force: true });
    throw explained(error);
  }
}

function explained(error: unknown): unknown {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return noRoom('The memory file system is full.');
    case 'EMFILE':
    case 'ENFILE':
      return noRoom('Too many files are open to share more memory.');
    case 'ENOENT':
      return new XenscopeError('gone', 'The folder of the shared memory was removed.', {
        wayOut: 'Start this host again.',
      });
    default:
      return error;
  }
}

function noRoom(message: string): XenscopeError {
  return new XenscopeError('limit', message, {
    wayOut: 'End guests or shares that are no longer needed.',
  });
}

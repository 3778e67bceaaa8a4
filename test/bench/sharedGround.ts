/**
 * What two programs run over that share pages and doorbells without Xen: test/bench/sharedPages.c in place of
 * Xen's two libraries, and a store of ours.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { systemClock } from '../../server/cli/systemClock';
import type { StoreClient } from '../../server/host/storeClient';
import { openStoreClient } from '../../server/store/client/storeClient';
import { Xenstored } from '../../server/store/xenstored';
import { atExit } from './atExit';
import { artefacts, type Options } from './options';

/** Memory that no disk writes back, where there is such. */
const memoryFolder = '/dev/shm';

export interface SharedGround {
  readonly folder: string;
  /** For the programs. */
  readonly env: NodeJS.ProcessEnv;
  /** Of domain 0, which all programs run in. */
  readonly store: StoreClient;
  /** Forgets all pages and doorbells: between two measurements. */
  clear(): void;
  close(): Promise<void>;
}

export async function openSharedGround(name: string): Promise<SharedGround> {
  const place = existsSync(memoryFolder) ? memoryFolder : os.tmpdir();
  const folder = mkdtempSync(path.join(place, `xenscope-${name}-`));
  const forget = atExit(() => rmSync(folder, { recursive: true, force: true }));
  buildLibraries(folder);
  const xenstored = new Xenstored({ clock: systemClock });
  const socketPath = path.join(folder, 'store');
  await xenstored.listen(socketPath);
  const store = openStoreClient({ dial: xenstored.connect({ domid: 0 }), clock: systemClock });
  await store.write('/local/domain/0/domid', '0');
  const env = {
    ...process.env,
    LD_LIBRARY_PATH: folder,
    XENBENCH_FOLDER: folder,
    XENSTORED_PATH: socketPath,
  };
  const clear = () => {
    for (const file of ['state-0', 'pages-0']) rmSync(path.join(folder, file), { force: true });
  };
  const close = async () => {
    await store.close();
    await xenstored.close();
    forget();
    rmSync(folder, { recursive: true, force: true });
  };
  return { folder, env, store, clear, close };
}

export function compile(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('gcc', ['-O2', '-Wall', '-Wextra', ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`It does not compile:\n${stderr}`);
}

/** How one of our programs is started. */
export function nodeCommand(options: Options, bundle: string): readonly string[] {
  const profileDir = path.resolve(artefacts, 'profiles');
  if (options.profile) mkdirSync(profileDir, { recursive: true });
  const profile = options.profile ? ['--cpu-prof', `--cpu-prof-dir=${profileDir}`] : [];
  return [process.execPath, ...profile, path.join(options.bundles, bundle)];
}

function buildLibraries(folder: string): void {
  for (const [name, part, versions] of [
    ['libxenevtchn.so.1', 'BELLS', 'evtchn.map'],
    ['libxengnttab.so.1', 'PAGES', 'gnttab.map'],
  ] as const) {
    const as = ['-shared', '-fPIC', '-Wno-unused-function', `-D${part}`, `-Wl,-soname,${name}`];
    const script = `-Wl,--version-script=${path.resolve('native/xensim', versions)}`;
    compile(...as, script, 'test/bench/sharedPages.c', '-o', path.join(folder, name));
  }
}

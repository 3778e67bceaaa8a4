/**
 * What this machine has of what a real host needs, and what each missing piece switches off. It works
 * where there is nothing at all, and changes nothing: devices are opened and closed again.
 */
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import os from 'node:os';
import { XenscopeError } from '../server/host/errors';
import { deviceError } from './cError';
import { hasExternalBuffers, loadKoffi } from './koffi';
import type { LibraryKey, XenLibraries } from './libraries/xenLibraries';
import { libraryTables } from './libraries/xenLibraries';
import { runsUnderXen } from './underXen';

export interface Finding {
  readonly group: 'machine' | 'runtime' | 'store' | 'devices' | 'libraries';
  readonly name: string;
  /** `there` works; `refused` is there for others; `missing` is not. */
  readonly state: 'there' | 'refused' | 'missing';
  /** What was found, in words. */
  readonly detail: string;
  /** What does not work for it; absent where nothing is switched off. */
  readonly switchesOff?: string | undefined;
  readonly wayOut?: string | undefined;
}

export interface HostReport {
  readonly findings: readonly Finding[];
  /** Nothing is switched off. */
  readonly isComplete: boolean;
}

const devices: readonly { readonly path: string; readonly module: string; readonly isFor: string }[] = [
  { path: '/dev/xen/gntdev', module: 'xen-gntdev', isFor: 'seeing the rings of guests by their grants' },
  { path: '/dev/xen/gntalloc', module: 'xen-gntalloc', isFor: 'sharing pages with other domains' },
  { path: '/dev/xen/evtchn', module: 'xen-evtchn', isFor: 'doorbells: event channels to other domains' },
  {
    path: '/dev/xen/privcmd',
    module: 'xen-privcmd',
    isFor: 'seeing how domains are, and rings that cannot be mapped by grant',
  },
  { path: '/dev/xen/xenbus', module: 'xenfs', isFor: "the store through the kernel's own ring" },
];

const librariesAreFor: Readonly<Record<Exclude<LibraryKey, 'libc'>, string | undefined>> = {
  gnttab: 'grants: the rings of guests, and sharing pages',
  evtchn: 'doorbells: event channels to other domains',
  foreignMemory: 'seeing rings that cannot be mapped by grant',
  xenctrl: 'seeing how domains are (paused, crashed, zombies), and rings of HVM and PVH domains by frame',
  store: 'the store through libxenstore; socket and /dev/xen/xenbus do without',
  // Our ends of vchans are our own, and it is one more engine of them; see optionalFor.
  vchan: undefined,
  toolLog: undefined,
  atomic: undefined,
};

/** What those without which nothing is switched off would add. */
const optionalFor: Partial<Record<LibraryKey, string>> = {
  vchan: 'Off is only libxenvchan as the engine of a vchan; our own engine does without.',
  toolLog: 'Off is only libxenvchan as the engine of a vchan, which needs it; our own engine does without.',
};

export async function reportHost(libraries: XenLibraries, socketPath: string): Promise<HostReport> {
  const findings = [
    ...machine(),
    ...runtime(),
    await store(socketPath),
    ...devices.map(device),
    ...(Object.keys(librariesAreFor) as (keyof typeof librariesAreFor)[]).map((key) =>
      library(libraries, key),
    ),
  ];
  return { findings, isComplete: findings.every(({ switchesOff }) => switchesOff === undefined) };
}

function machine(): Finding[] {
  const group = 'machine';
  const kernel: Finding = {
    group,
    name: 'kernel',
    state: 'there',
    detail: `${os.type()} ${os.release()} on ${os.machine()}`,
  };
  const isXen = runsUnderXen();
  const xen: Finding = isXen
    ? { group, name: 'Xen', state: 'there', detail: `${xenVersion()} runs under this kernel` }
    : {
        group,
        name: 'Xen',
        state: 'missing',
        detail: 'This kernel does not run under Xen.',
        switchesOff: 'this machine as a real host',
        wayOut: 'The simulator shows all there is to see, and a xenstored socket can still be attached to.',
      };
  return [kernel, xen, ...(isXen ? [domain()] : [])];
}

function domain(): Finding {
  const found = { group: 'machine', name: '/proc/xen' } as const;
  const capabilities = textOf('/proc/xen/capabilities');
  if (capabilities === undefined) {
    return {
      ...found,
      state: 'missing',
      detail: 'The file system of Xen is not mounted.',
      wayOut: 'mount -t xenfs xenfs /proc/xen',
    };
  }
  const isControl = capabilities.includes('control_d');
  return {
    ...found,
    state: 'there',
    detail: isControl ? 'This is the control domain (dom0).' : 'This is not the control domain.',
    switchesOff: isControl ? undefined : 'pages of domains that grant this one nothing, and how domains are',
  };
}

function runtime(): Finding[] {
  const group = 'runtime';
  const node: Finding = {
    group,
    name: 'runtime',
    state: 'there',
    detail: `${process.versions.electron === undefined ? 'Node' : 'Electron with Node'} ${process.versions.node}`,
  };
  const isRoot = process.geteuid?.() === 0;
  const user: Finding = {
    group,
    name: 'user',
    state: isRoot ? 'there' : 'refused',
    detail: isRoot ? 'root' : 'not root, who alone may open the devices as a rule',
    switchesOff: isRoot ? undefined : 'what the devices below are refused for',
    wayOut: isRoot ? undefined : 'sudo xenscope serve --owner USER, and attach the editor to it',
  };
  return [node, koffi(), user];
}

function koffi(): Finding {
  const found = { group: 'runtime', name: 'koffi' } as const;
  try {
    const { version } = loadKoffi();
    const views = hasExternalBuffers();
    const detail = views
      ? 'buffers may lie over memory of C'
      : 'memory of C is copied: no buffer may lie over it';
    return { ...found, state: 'there', detail: `${version}; ${detail}` };
  } catch (error) {
    const { message, wayOut } = error as XenscopeError;
    return { ...found, state: 'missing', detail: message, switchesOff: 'everything native', wayOut };
  }
}

async function store(socketPath: string): Promise<Finding> {
  const found = { group: 'store', name: socketPath } as const;
  const isFor = 'the store through its socket';
  const code = await new Promise<string | undefined>((resolve) => {
    const socket = connect(socketPath, () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
  switch (code) {
    case undefined:
      return { ...found, state: 'there', detail: 'A xenstored listens.' };
    case 'EACCES':
    case 'EPERM':
      return {
        ...found,
        state: 'refused',
        detail: `${code}. This user may not connect.`,
        switchesOff: isFor,
        wayOut: 'Run it as root.',
      };
    case 'ECONNREFUSED':
      return {
        ...found,
        state: 'missing',
        detail: `${code}. The daemon that made it is gone.`,
        switchesOff: isFor,
        wayOut: 'Start xenstored, or name another socket in XENSTORED_PATH.',
      };
    default:
      return {
        ...found,
        state: 'missing',
        detail: `${code}. No xenstored listens there.`,
        switchesOff: isFor,
        wayOut: runsUnderXen()
          ? 'In a driver domain the store is reached through /dev/xen/xenbus instead.'
          : 'Start a xenstored, or name its socket in XENSTORED_PATH.',
      };
  }
}

function device({ path, module, isFor }: (typeof devices)[number]): Finding {
  const found = { group: 'devices', name: path } as const;
  try {
    closeSync(openSync(path, 'r+'));
    return { ...found, state: 'there', detail: 'It can be opened.' };
  } catch (error) {
    const { errno = 0 } = error as NodeJS.ErrnoException;
    const { message, wayOut } = deviceError(path, -errno, module);
    const isThere = existsSync(path);
    // Without Xen no module helps, and the machine's own line has said so.
    const isHopeless = !isThere && !runsUnderXen();
    return {
      ...found,
      state: isThere ? 'refused' : 'missing',
      detail: isHopeless ? 'Only a domain of Xen has it.' : message.slice(path.length + 2),
      switchesOff: isFor,
      wayOut: isHopeless ? undefined : wayOut,
    };
  }
}

function library(libraries: XenLibraries, key: keyof typeof librariesAreFor): Finding {
  const found = { group: 'libraries', name: libraryTables[key].name } as const;
  try {
    libraries.functions(key);
    const state = libraries.state(key);
    return { ...found, state: 'there', detail: 'path' in state ? state.path : '' };
  } catch (error) {
    if (!(error instanceof XenscopeError)) throw error;
    return {
      ...found,
      state: 'missing',
      detail: optionalFor[key] === undefined ? error.message : `${error.message} ${optionalFor[key]}`,
      switchesOff: librariesAreFor[key] ?? lesser(key),
      wayOut: error.wayOut,
    };
  }
}

/** What a library that only helps is for. */
function lesser(key: LibraryKey): string | undefined {
  if (key !== 'atomic') return undefined;
  try {
    return hasExternalBuffers() ? undefined : 'changing single bits of shared memory, as vchan does';
  } catch {
    return undefined;
  }
}

function xenVersion(): string {
  const part = (name: string) => textOf(`/sys/hypervisor/version/${name}`) ?? '?';
  return `${part('major')}.${part('minor')}${textOf('/sys/hypervisor/version/extra') ?? ''}`;
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** The Xen of this machine, as an editor's server offers it: there, not there, or only for root. */
import os from 'node:os';
import { openNativeHost } from '../../native/host';
import { XenLibraries, librariesVariable } from '../../native/libraries/xenLibraries';
import { chooseStoreWay, findStoreWays } from '../../native/store/storeWays';
import type { FoundWay, StoreWay } from '../../native/store/storeWays';
import { runsUnderXen } from '../../native/underXen';
import type { LocalXen, LocalXenState } from '../rpc/localXen';
import { openStoreHost } from '../store/client/socketHost';
import { trustedSocket, usualRootSocket } from './rootSocket';
import { localSocketPaths, socketVariables } from './socketPaths';
import { systemClock, systemRandom } from './systemClock';

/** A xenstored that was stopped shows as away after that; a busy one answers something much sooner. */
export const maxSilenceMs = 30_000;

export interface LocalXenOptions {
  readonly way?: 'auto' | StoreWay;
  /** Hears how the store is reached. */
  readonly log: (line: string) => void;
}

export function localXen({ way = 'auto', log }: LocalXenOptions): LocalXen {
  const socketPaths = localSocketPaths();
  return {
    async look(rootServer) {
      const joinable = findRootServer(rootServer);
      const ways = await findStoreWays({ socketPaths });
      return { ...stateOf(ways), ...(joinable !== undefined && { rootServer: joinable }) };
    },
    async open() {
      const chosen = await chooseStoreWay({ way, socketPaths, clock: systemClock });
      log(chosen.text);
      const store = openStoreHost({
        dial: chosen.dial,
        clock: systemClock,
        random: systemRandom,
        maxSilenceMs,
      });
      return openNativeHost({ store, libraries: new XenLibraries(), log });
    },
  };
}

function stateOf(ways: readonly FoundWay[]): LocalXenState {
  const usable = ways.find(({ state }) => state === 'usable');
  if (usable) return usable.way === 'socket' ? { socketPath: usable.path } : {};
  const denied = ways.find(({ state }) => state === 'denied');
  if (denied) {
    const reason = `${denied.text} It belongs to root; a server that runs as root can open it for you, and is found by itself.`;
    return { unavailable: { kind: 'denied', reason, command: rootCommand() } };
  }
  return { unavailable: { kind: 'absent', reason: absence(ways) } };
}

function absence(ways: readonly FoundWay[]): string {
  const missing = ways.map(({ text }) => text).join(' ');
  if (process.platform !== 'linux') return `Xen is reached from Linux only. ${missing}`;
  return runsUnderXen()
    ? `This machine runs under Xen, but its xenstore cannot be found. ${missing}`
    : `This machine does not run under Xen. ${missing}`;
}

/** A server that runs as root for this user; root needs none. */
function findRootServer(named: string | undefined): string | undefined {
  const uid = process.getuid?.();
  if (uid === undefined) return undefined;
  if (named) return trustedSocket(named, uid);
  return uid === 0 ? undefined : trustedSocket(usualRootSocket(uid), uid);
}

/** What a person types to get one, with the programs of this very server. */
function rootCommand(user = userName()): string {
  // Of this server's environment sudo passes nothing on.
  const named = [...socketVariables, librariesVariable].filter((name) => process.env[name]);
  const variables = [
    ...(process.versions.electron === undefined ? [] : ['ELECTRON_RUN_AS_NODE=1']),
    ...named.map((name) => `${name}=${process.env[name]}`),
  ];
  const env = variables.length > 0 ? ['env', ...variables] : [];
  const words = [...env, process.execPath, process.argv[1] ?? 'xenscope', 'serve', '--owner', user];
  return `sudo ${words.map(quoted).join(' ')}`;
}

function userName(): string {
  try {
    return os.userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 0);
  }
}

function quoted(word: string): string {
  return /^[\w/.:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The settings, each read in one place; package.json describes them to the person. */
import * as vscode from 'vscode';
import type { ApiSettings, OfferedFeature } from '../server/rpc/api';

export const section = 'xenscope';

const loopback: readonly string[] = ['127.0.0.0/8'];
const ringFeatures: readonly OfferedFeature[] = ['reconnection', 'error-word'];

function get<T>(name: string, fallback: T): T {
  return vscode.workspace.getConfiguration(section).get<T>(name, fallback);
}

function numberWithin(name: string, fallback: number, least: number, most: number): number {
  const value = Number(get<unknown>(name, fallback));
  return Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : fallback;
}

export const settings = {
  serverNode: () => String(get<unknown>('server.node', '') ?? '').trim(),
  seed: () => Math.trunc(numberWithin('simulator.seed', 1, 0, 0xffff_ffff)),
  pace: () => numberWithin('simulator.pace', 1, 0, 20),
  /** What the simulator's store offers on rings. */
  ringFeatures(): OfferedFeature[] {
    const value = get<unknown>('simulator.ringFeatures', ringFeatures);
    return Array.isArray(value) ? ringFeatures.filter((name) => value.includes(name)) : [...ringFeatures];
  },
  autoconnect: () => get('simulator.autoconnect', true),
  sockets(): string[] {
    const value = get<unknown>('sockets', []);
    return Array.isArray(value)
      ? [...new Set(value.filter((path): path is string => typeof path === 'string'))]
      : [];
  },
  allowDomain0Edits: () => get('allowDomain0Edits', false),
  /** Folders of Xen's libraries, as in PATH. */
  xenLibraries: () => String(get<unknown>('realHost.libraries', '') ?? '').trim(),
  rootServer: () => String(get<unknown>('realHost.serverSocket', '') ?? '').trim(),
  vchanEngine: () => (get<unknown>('realHost.vchanEngine', 'own') === 'libxenvchan' ? 'libxenvchan' : 'own'),
  /** What guests may reach through a backend of PV Calls of ours on a real host. */
  pvcallsAllow(): string[] {
    const value = get<unknown>('pvcalls.allow', loopback);
    if (!Array.isArray(value)) return [...loopback];
    return [...new Set(value.filter((entry): entry is string => typeof entry === 'string'))];
  },
  pageSize: () => Math.trunc(numberWithin('tree.pageSize', 500, 50, 5000)),
  highlightMs: () => numberWithin('tree.highlightChangesMs', 1000, 0, 10_000),

  forServer(): ApiSettings {
    return {
      pace: settings.pace(),
      sockets: settings.sockets(),
      allowDomain0Edits: settings.allowDomain0Edits(),
      rootServer: settings.rootServer(),
    };
  },

  async setSockets(paths: readonly string[]): Promise<void> {
    await vscode.workspace
      .getConfiguration(section)
      .update('sockets', paths, vscode.ConfigurationTarget.Global);
  },
};

/** Calls back when one of the named settings changed. */
export function onSettings(names: readonly string[], listener: () => void): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (names.some((name) => event.affectsConfiguration(`${section}.${name}`))) listener();
  });
}

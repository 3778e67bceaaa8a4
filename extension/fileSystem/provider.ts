/**
 * The `xenstore:` file system: every node a folder, its value the file `.value` in it. Opens,
 * saves and follows the store like any file; see location.ts for the names.
 */
import * as vscode from 'vscode';
import type { Act, NodeDetail } from '../../server/rpc/api';
import type { Xenscope } from '../context';
import { failureOf, failures } from '../errors';
import { plain } from '../plain';
import { texts } from '../texts';
import { base64Of, octetsOf } from '../values';
import { FileWatches, type NodeHappening } from './fileWatches';
import { formatHexDump, parseHexDump } from './hexDump';
import { mustBeLocation, parseLocation, scheme, uriPath, valueFile, type Location } from './location';
import { Versions } from './versions';

const connectTimeoutMs = 10_000;
/** Changes that come together are told together. */
const coalesceMs = 50;

export class XenstoreFileSystem implements vscode.FileSystemProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  private readonly pending = new Map<string, vscode.FileChangeEvent>();
  private readonly versions = new Versions(Date.now);
  private readonly watches: FileWatches;
  private readonly subscriptions: { dispose(): void }[];
  private timer: NodeJS.Timeout | undefined;

  readonly onDidChangeFile = this.changed.event;

  constructor(private readonly xenscope: Xenscope) {
    const { connection, hosts, report } = xenscope;
    this.watches = new FileWatches(connection, (happening) => this.tell(happening), report);
    this.subscriptions = [
      this.watches,
      hosts.onConnected(({ id }) => this.watches.restore(id)),
      vscode.workspace.registerFileSystemProvider(scheme, this, { isCaseSensitive: true }),
    ];
  }

  dispose(): void {
    clearTimeout(this.timer);
    for (const subscription of this.subscriptions) subscription.dispose();
    this.changed.dispose();
  }

  watch(uri: vscode.Uri, { recursive }: { readonly recursive: boolean }): vscode.Disposable {
    const location = parseLocation(uri);
    if (location.part === 'foreign') return new vscode.Disposable(() => undefined);
    const watch = this.watches.add(location.host, location.path, recursive && location.part === 'node');
    return new vscode.Disposable(() => watch.dispose());
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const location = this.existing(uri);
    return this.guarded(uri, async () => {
      const detail = await this.detail(location);
      const version = this.versions.of(`${location.host}${location.path}`, detail.value);
      const times = { ctime: version.createdMs, mtime: version.modifiedMs };
      if (location.part === 'node') return { type: vscode.FileType.Directory, size: 0, ...times };
      return { type: vscode.FileType.File, size: contentOf(location, detail).length, ...times };
    });
  }

  async readDirectory(uri: vscode.Uri): Promise<[string, vscode.FileType][]> {
    const location = this.existing(uri);
    if (location.part !== 'node') throw vscode.FileSystemError.FileNotADirectory(uri);
    return this.guarded(uri, async () => {
      const names = await this.xenscope.connection.request('xenscope/names', location);
      const folders = names.map((name): [string, vscode.FileType] => [name, vscode.FileType.Directory]);
      return [[valueFile, vscode.FileType.File], ...folders];
    });
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const location = this.existing(uri);
    if (location.part === 'node') throw vscode.FileSystemError.FileIsADirectory(uri);
    return this.guarded(uri, async () => contentOf(location, await this.detail(location)));
  }

  async writeFile(
    uri: vscode.Uri,
    content: Uint8Array,
    { create, overwrite }: { readonly create: boolean; readonly overwrite: boolean },
  ): Promise<void> {
    await this.guarded(uri, async () => {
      const location = mustBeLocation(parseLocation(uri));
      if (location.part === 'node')
        throw failures.notANodeFile(uri.path.slice(uri.path.lastIndexOf('/') + 1));
      const octets = location.part === 'hex' ? parseHexDump(new TextDecoder().decode(content)) : content;
      const exists = await this.exists(location);
      if (!exists && !create) throw vscode.FileSystemError.FileNotFound(uri);
      if (exists && create && !overwrite) throw vscode.FileSystemError.FileExists(uri);
      const act: Act = {
        kind: 'write',
        path: location.path,
        value: base64Of(octets),
        create: !exists,
        // Of one that exists, VS Code itself compares the time of the last change.
        expected: exists ? undefined : null,
      };
      await this.xenscope.acts.performOrThrow(location.host, act, { verb: texts.writeQuestion });
    });
  }

  async createDirectory(uri: vscode.Uri): Promise<void> {
    await this.guarded(uri, async () => {
      const location = mustBeLocation(parseLocation(uri));
      if (location.part !== 'node') throw vscode.FileSystemError.FileExists(uri);
      if (await this.exists(location)) throw vscode.FileSystemError.FileExists(uri);
      const act: Act = { kind: 'write', path: location.path, value: '', create: true, expected: null };
      await this.xenscope.acts.performOrThrow(location.host, act, { verb: 'Create' });
    });
  }

  async delete(uri: vscode.Uri): Promise<void> {
    await this.guarded(uri, async () => {
      const location = this.existing(uri);
      if (location.part !== 'node') throw failures.valueStaysWithNode();
      if (!(await this.exists(location))) throw vscode.FileSystemError.FileNotFound(uri);
      const act: Act = { kind: 'remove', path: location.path };
      await this.xenscope.acts.performOrThrow(location.host, act, { verb: texts.deleteQuestion });
    });
  }

  rename(): never {
    throw vscode.FileSystemError.NoPermissions(failures.noRename().text);
  }

  private existing(uri: vscode.Uri): Location {
    const parsed = parseLocation(uri);
    if (parsed.part === 'foreign') throw vscode.FileSystemError.FileNotFound(uri);
    return parsed;
  }

  private async detail({ host, path }: Location): Promise<NodeDetail> {
    await this.xenscope.hosts.whenConnected(host, connectTimeoutMs);
    return this.xenscope.connection.request('xenscope/detail', { host, path });
  }

  private async exists(location: Location): Promise<boolean> {
    try {
      await this.detail(location);
      return true;
    } catch (error) {
      if (failureOf(error).storeError === 'ENOENT') return false;
      throw error;
    }
  }

  /** Failures in the words of the editor's file service. */
  private async guarded<T>(uri: vscode.Uri, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof vscode.FileSystemError) throw error;
      const failure = failureOf(error);
      const text = plain(failure.text);
      if (failure.storeError === 'ENOENT') throw vscode.FileSystemError.FileNotFound(uri);
      if (failure.storeError === 'EACCES') throw vscode.FileSystemError.NoPermissions(text);
      if (failure.code === 'away' || failure.code === 'server')
        throw vscode.FileSystemError.Unavailable(text);
      if (failure.code === 'refused') throw vscode.FileSystemError.NoPermissions(text);
      throw new vscode.FileSystemError(text);
    }
  }

  private tell({ host, path, kind }: NodeHappening): void {
    const types = {
      changed: vscode.FileChangeType.Changed,
      created: vscode.FileChangeType.Created,
      deleted: vscode.FileChangeType.Deleted,
    };
    const parts: Location['part'][] = kind === 'changed' ? ['value', 'hex'] : ['node', 'value', 'hex'];
    for (const part of parts) {
      const uri = vscode.Uri.from({ scheme, authority: host, path: uriPath(path, part) });
      this.pending.set(uri.toString(), { type: types[kind], uri });
    }
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      const events = [...this.pending.values()];
      this.pending.clear();
      this.changed.fire(events);
    }, coalesceMs);
  }
}

function contentOf({ part, path }: Location, { value }: NodeDetail): Uint8Array {
  const octets = octetsOf(value);
  return part === 'hex' ? new TextEncoder().encode(formatHexDump(path, octets)) : octets;
}

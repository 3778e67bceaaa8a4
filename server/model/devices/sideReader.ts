/** Reads one end of a device from the store, and the ends that there are. */
import { XenscopeError } from '../../host/errors';
import type { StoreOperations } from '../../host/storeClient';
import type { XsPerm } from '../../wire/xsPerms';
import { readMany } from '../readMany';
import { errorPathOf } from './devicePaths';
import type { SidePath } from './devicePaths';
import type { PublishedNode } from './deviceTypes';

/** More than any class of device publishes; what is beyond is not looked at. */
export const maxPublishedNodes = 96;
const maxValueChars = 256;
/** Queues of a multi-queue device; other folders are not looked into. */
const queuePattern = /^queue-[0-9]{1,3}$/;

export interface SideNodes {
  /** In the store's order; those of a queue with its name before them. */
  readonly nodes: readonly PublishedNode[];
  readonly perms: readonly XsPerm[] | undefined;
  readonly error: string | undefined;
}

/** Undefined when the folder is not there, or holds nothing: `device/suspend/event-channel` is no device. */
export async function readSide(store: StoreOperations, side: SidePath): Promise<SideNodes | undefined> {
  const [names, perms, error] = await Promise.all([
    unlessRefused(store.directory(side.folder)),
    unlessRefused(store.getPerms(side.folder)),
    readText(store, errorPathOf(side)),
  ]);
  if (!names || names.length === 0) return undefined;
  const nodes = await readMany(names.slice(0, maxPublishedNodes), (name) =>
    readNode(store, side.folder, name),
  );
  return { nodes: nodes.flat().slice(0, maxPublishedNodes), perms, error };
}

async function readNode(store: StoreOperations, folder: string, name: string): Promise<PublishedNode[]> {
  const path = `${folder}/${name}`;
  if (!queuePattern.test(name)) {
    const value = await readText(store, path);
    return value === undefined ? [] : [{ name, value }];
  }
  const below = ((await unlessRefused(store.directory(path))) ?? []).slice(0, maxPublishedNodes);
  const values = await Promise.all(below.map((each) => readText(store, `${path}/${each}`)));
  return below.flatMap((each, place) => {
    const value = values[place];
    return value === undefined ? [] : [{ name: `${name}/${each}`, value }];
  });
}

/** The folders of all devices of a domain, at both ends; there may be none. */
export async function sideFolders(store: StoreOperations, domid: number): Promise<string[]> {
  const root = `/local/domain/${domid}`;
  const [front, back] = await Promise.all([
    foldersBelow(store, `${root}/device`, 2),
    foldersBelow(store, `${root}/backend`, 3),
  ]);
  return [...front, ...back];
}

async function foldersBelow(store: StoreOperations, folder: string, depth: number): Promise<string[]> {
  let level = [folder];
  for (let step = 0; step < depth; step++) {
    const below = await readMany(level, async (each) => (await unlessRefused(store.directory(each))) ?? []);
    level = level.flatMap((each, place) => below[place]!.map((name) => `${each}/${name}`));
  }
  return level;
}

/** One line of text; undefined when it is not there or may not be read. */
export async function readText(store: StoreOperations, path: string): Promise<string | undefined> {
  const value = await unlessRefused(store.read(path));
  return value?.toString('latin1').slice(0, maxValueChars);
}

/** 0 for everything that is no state. */
export function stateOf(text: string | undefined): number {
  return text !== undefined && /^[0-8]$/.test(text) ? Number(text) : 0;
}

async function unlessRefused<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof XenscopeError && error.storeError) return undefined;
    throw error;
  }
}

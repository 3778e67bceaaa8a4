/** A subtree as text: exactly what `xenstore-ls -f PATH` prints, or JSON. */
import type { RequestOptions, StoreOperations } from '../host/storeClient';
import { formatXsPerm } from '../wire/xsPerms';
import { decodeUtf8, escapeAsXenstoreLs, isText } from './preview';
import { type WalkedNode, nodesOf, walk } from './walk';

export const maxDumpNodes = 200_000;

export async function dump(
  store: StoreOperations,
  path: string,
  format: 'text' | 'json',
  options?: RequestOptions,
): Promise<string> {
  const perms = format === 'json';
  const root = await walk(store, path, { ...options, values: true, perms, maxNodes: maxDumpNodes });
  return format === 'json' ? dumpJson(root) : dumpText(root);
}

/**
 * One line per node below `root`, as the tool has it; a node without children, for which the tool
 * prints nothing, is its own line. A value that may not be read is a bare colon.
 */
function dumpText(root: WalkedNode): string {
  const lines: string[] = [];
  for (const node of nodesOf(root)) {
    if (node === root && root.children.length > 0) continue;
    lines.push(node.value ? `${node.path} = "${escapeAsXenstoreLs(node.value)}"\n` : `${node.path}:\n`);
  }
  return lines.join('');
}

interface JsonNode {
  readonly path: string;
  /** Exactly one of the two, unless the value may not be read. */
  readonly value?: string;
  readonly valueBase64?: string;
  /** As in `xenstore-ls -p`: `["n1", "r0"]`, the owner first. */
  readonly perms?: readonly string[];
}

/** A flat list of nodes, parents first: easy to filter, and as deep as the store is. */
function dumpJson(root: WalkedNode): string {
  const nodes = [...nodesOf(root)].map(jsonOf);
  return JSON.stringify(nodes, undefined, 2) + '\n';
}

function jsonOf({ path, value, perms }: WalkedNode): JsonNode {
  return {
    path,
    ...(value && (isText(value) ? { value: decodeUtf8(value)! } : { valueBase64: value.toString('base64') })),
    ...(perms && { perms: perms.map(formatXsPerm) }),
  };
}

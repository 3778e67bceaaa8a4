/** Copies the path, the value or the subtree of a node. */
import * as vscode from 'vscode';
import type { Xenscope } from '../context';
import { say } from '../say';
import { textOf, octetsOf, printable } from '../values';
import { mustBeTarget } from './target';

const statusMs = 3000;

async function copy(text: string, what: string): Promise<void> {
  await vscode.env.clipboard.writeText(text);
  say.briefly('clippy', `${what} copied`, statusMs);
}

export async function copyPath(xenscope: Xenscope, argument: unknown): Promise<void> {
  const { path } = mustBeTarget(xenscope, argument);
  await copy(path, path);
}

/** As text, or with the octets that are none as \xNN. */
export async function copyValue(xenscope: Xenscope, argument: unknown): Promise<void> {
  const { host, path } = mustBeTarget(xenscope, argument);
  const { value } = await xenscope.connection.request('xenscope/detail', { host, path });
  const octets = octetsOf(value);
  await copy(textOf(octets) ?? printable(octets, Infinity), `Value of ${path}`);
}

export async function copySubtree(
  xenscope: Xenscope,
  argument: unknown,
  format: 'text' | 'json',
): Promise<void> {
  const { host, path } = mustBeTarget(xenscope, argument);
  const text = await vscode.window.withProgress({ location: { viewId: 'xenscope.xenstore' } }, async () =>
    xenscope.connection.request('xenscope/dump', { host, path, format }),
  );
  await copy(text, format === 'json' ? `${path} as JSON` : `${path} as xenstore-ls prints it`);
}

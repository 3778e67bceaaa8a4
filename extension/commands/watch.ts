/** Watch a path, and stop watching. */
import * as vscode from 'vscode';
import type { Xenscope } from '../context';
import { failures } from '../errors';
import { isNodePath, tidyPath } from '../names';
import { plain } from '../plain';
import { Watch } from '../watches';
import { mustBeTarget, shownHost, type Target } from './target';

export async function watchPath(xenscope: Xenscope, argument: unknown): Promise<void> {
  await watch(xenscope, mustBeTarget(xenscope, argument));
}

/** Asks for the path. */
export async function addWatch(xenscope: Xenscope): Promise<void> {
  const target = await askTarget(xenscope);
  if (target) await watch(xenscope, target);
}

async function watch(xenscope: Xenscope, target: Target): Promise<void> {
  await xenscope.hosts.whenConnected(target.host, 10_000);
  await xenscope.watches.add(target.host, target.path);
  await vscode.commands.executeCommand('xenscope.watches.focus', { preserveFocus: true });
}

async function askTarget(xenscope: Xenscope): Promise<Target | undefined> {
  const host = await shownHost(xenscope);
  const typed = await vscode.window.showInputBox({
    title: 'Watch a path',
    prompt: 'Everything at and below it is reported',
    value: xenscope.xenstoreView.selected?.path ?? '/local/domain',
    validateInput: (text) => (isNodePath(tidyPath(text)) ? undefined : plain(failures.badPath(text).text)),
  });
  return typed === undefined ? undefined : { host: host.id, path: tidyPath(typed) };
}

export async function stopWatch(xenscope: Xenscope, argument: unknown): Promise<void> {
  const watch = argument instanceof Watch ? argument : xenscope.watchesView.selected;
  if (watch) await xenscope.watches.stop(watch);
}

export async function stopAllWatches(xenscope: Xenscope): Promise<void> {
  for (const watch of [...xenscope.watches.list]) await xenscope.watches.stop(watch);
}

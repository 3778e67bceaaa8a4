/** Sends commands of PV Calls by hand: through the form, or from an address to a connected socket at once. */
import * as vscode from 'vscode';
import type { Xenscope } from '../context';
import { failures } from '../errors';
import { openComposerPanel } from '../panels/pvcallsComposer';
import { type Around, pickBackend, pickPlan, planOwn } from '../pvcallsComposer/pickPlan';
import { type QuickWish, addressProblem } from '../pvcallsComposer/quickSteps';
import { subjectOf } from '../pvcallsComposer/subject';
import { shownHost } from './target';

/** From the palette, or for the row of a domain or of a device; `foreign`: into the ring of that device. */
export async function composePvCalls(xenscope: Xenscope, argument: unknown): Promise<void> {
  const row = (argument ?? {}) as { host?: string; device?: string; domid?: number; foreign?: boolean };
  const { host, choices, nameOf } = await lookAround(xenscope, row.host);
  const around: Around = {
    ...(typeof row.device === 'string' && { device: row.device }),
    ...(typeof row.domid === 'number' && { domid: row.domid }),
  };
  const plan =
    row.foreign === true && around.device !== undefined
      ? ({ kind: 'foreign', device: around.device } as const)
      : await pickPlan(choices, nameOf, around);
  if (plan) await openComposerPanel(xenscope, subjectOf(host, plan, nameOf, choices), choices);
}

/** SOCKET and CONNECT, then the console. */
export function connectPvCalls(xenscope: Xenscope, argument: unknown): Promise<void> {
  return openWith(xenscope, argument, 'connect', 'Connect to which address?', {
    usual: '127.0.0.1:80',
    // In the demo the guest shop serves HTTP there.
    inWorld: '10.0.0.1:80',
  });
}

/** SOCKET, BIND, LISTEN and ACCEPT, then the console of whoever came. */
export function listenPvCalls(xenscope: Xenscope, argument: unknown): Promise<void> {
  return openWith(xenscope, argument, 'listen', 'Listen at which address?', {
    usual: '127.0.0.1:8080',
    inWorld: '10.0.0.1:8080',
  });
}

async function openWith(
  xenscope: Xenscope,
  argument: unknown,
  kind: QuickWish['kind'],
  title: string,
  example: { readonly usual: string; readonly inWorld: string },
): Promise<void> {
  const row = (argument ?? {}) as { host?: string; domid?: number };
  const { host, choices, nameOf } = await lookAround(xenscope, row.host);
  const address = await vscode.window.showInputBox({
    title,
    value: xenscope.hosts.find(host)?.world ? example.inWorld : example.usual,
    prompt: 'As the backend’s domain reaches it: four numbers and a port',
    validateInput: addressProblem,
  });
  if (address === undefined) return;
  const backend = await pickBackend(choices, nameOf, 'Through the backend of which domain?');
  if (backend === undefined) return;
  const plan = await planOwn(choices, nameOf, backend, row.domid === undefined ? {} : { domid: row.domid });
  const wish = { kind, address: address.trim() };
  if (plan) await openComposerPanel(xenscope, subjectOf(host, plan, nameOf, choices), choices, wish);
}

async function lookAround(xenscope: Xenscope, wanted: string | undefined) {
  const host = wanted ?? (await shownHost(xenscope)).id;
  const choices = await xenscope.connection.request('xenscope/composerChoices', { host });
  if (choices.backends.length === 0)
    throw failures.noPvCallsBackend(xenscope.hosts.find(host)?.label ?? host);
  const nameOf = (domid: number) => xenscope.hosts.domainName(host, domid);
  return { host, choices, nameOf };
}

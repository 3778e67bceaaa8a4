/** The simulator's controls: hold and step the world, the life of its guests, and what is broken on purpose. */
import * as vscode from 'vscode';
import type { HostInfo, WorldState } from '../../server/rpc/api';
import type { Xenscope } from '../context';
import { type Failure, failures } from '../errors';
import { plain } from '../plain';
import { actText, faultLabel, probabilityChoices, probabilityText } from '../rings/worldTexts';
import { ask, say } from '../say';

const statusMs = 8000;
const connectTimeoutMs = 10_000;

interface WorldTarget {
  readonly host: HostInfo;
  readonly world: WorldState;
}

/** The simulated host that a row belongs to, or the one that is shown; connected. */
async function worldIn(xenscope: Xenscope, argument: unknown): Promise<WorldTarget> {
  const { hosts, connection } = xenscope;
  const { id, host } = (argument ?? {}) as { id?: string; host?: string };
  const wanted = typeof argument === 'string' ? argument : (host ?? id ?? hosts.currentId);
  const info = await hosts.whenConnected(wanted, connectTimeoutMs);
  if (!info.world) {
    throw failures.noWorld(info.label);
  }
  return { host: info, world: await connection.request('xenscope/world', { host: info.id }) };
}

export async function hold(xenscope: Xenscope, argument: unknown): Promise<void> {
  const { host } = await worldIn(xenscope, argument);
  await xenscope.connection.request('xenscope/hold', { host: host.id });
}

export async function resumeWorld(xenscope: Xenscope, argument: unknown): Promise<void> {
  const { host } = await worldIn(xenscope, argument);
  await xenscope.connection.request('xenscope/resume', { host: host.id });
}

/** Holds the world when it is not held yet. */
export async function stepWorld(xenscope: Xenscope, argument: unknown): Promise<void> {
  const { host, world } = await worldIn(xenscope, argument);
  if (!world.held) await xenscope.connection.request('xenscope/hold', { host: host.id });
  const text = await xenscope.connection.request('xenscope/step', { host: host.id });
  say.briefly('debug-step-over', text, statusMs);
}

/** Of the guest of one row. A row that was drawn anew under the menu names no guest, and never means all of them. */
export async function setFaultOfDomain(xenscope: Xenscope, argument: unknown): Promise<void> {
  if (domidIn(argument) === undefined) throw failures.rowGone();
  await setFault(xenscope, argument);
}

export async function setFault(xenscope: Xenscope, argument: unknown): Promise<void> {
  const { host, world } = await worldIn(xenscope, argument);
  const domid = domidIn(argument);
  const whose = domid === undefined ? host.label : xenscope.hosts.domainName(host.id, domid);
  const fault = await vscode.window.showQuickPick(
    world.faults.map(({ name, text, probability, ofDomains, count }) => {
      const own = ofDomains.find((one) => one.domid === domid)?.probability ?? probability;
      const struck = count > 0 ? ` · struck ${count.toLocaleString('en-US')} times` : '';
      return { name, label: faultLabel(name), description: probabilityText(own) + struck, detail: text };
    }),
    { title: `What shall go wrong on ${plain(whose)}?`, matchOnDetail: true },
  );
  if (!fault) return;
  const chosen = await vscode.window.showQuickPick(
    probabilityChoices.map((choice) => ({ ...choice })),
    { title: `${fault.label}: how often?`, placeHolder: fault.detail },
  );
  if (!chosen) return;
  const { probability } = chosen;
  await xenscope.connection.request('xenscope/setFault', {
    host: host.id,
    name: fault.name,
    probability,
    domid,
  });
  say.briefly('beaker', `${fault.label}: ${probabilityText(probability)}`, statusMs);
}

/** Everything that is broken on purpose becomes whole. */
export async function clearFaults(xenscope: Xenscope, argument: unknown): Promise<void> {
  const { host, world } = await worldIn(xenscope, argument);
  for (const { name, ofDomains } of world.faults) {
    await xenscope.connection.request('xenscope/setFault', { host: host.id, name, probability: 0 });
    for (const { domid } of ofDomains) {
      await xenscope.connection.request('xenscope/setFault', { host: host.id, name, probability: 0, domid });
    }
  }
  say.briefly('beaker', 'All faults are off', statusMs);
}

/** Any act with any guest, chosen step by step. */
export async function domainAct(xenscope: Xenscope, argument: unknown): Promise<void> {
  const { host, world } = await worldIn(xenscope, argument);
  const domid = domidIn(argument);
  const domains = world.domains.filter(({ can }) => can.length > 0);
  const domain =
    domains.find((one) => domid !== undefined && one.domid === domid) ??
    (
      await vscode.window.showQuickPick(
        domains.map((one) => ({
          label: plain(one.name),
          description: [one.domid === undefined ? '' : `domain ${one.domid}`, one.state]
            .filter(Boolean)
            .join(' · '),
          domain: one,
        })),
        { title: 'Which guest?' },
      )
    )?.domain;
  if (!domain) return;
  const chosen = await vscode.window.showQuickPick(
    domain.can.map((act) => {
      const { label, icon, detail } = actText(act);
      return { label: `$(${icon}) ${label}`, detail, act };
    }),
    { title: `What shall happen to ${plain(domain.name)}?` },
  );
  if (chosen) await perform(xenscope, host.id, chosen.act, domain.name, domain.domid ?? domain.name);
}

/** A command for one act, as the menu of a domain offers it. */
export function domainActCommand(act: string) {
  return async (xenscope: Xenscope, argument: unknown): Promise<void> => {
    const { host, world } = await worldIn(xenscope, argument);
    const domid = domidIn(argument);
    const able = world.domains.filter(({ can }) => can.includes(act));
    const domain =
      able.find((one) => domid !== undefined && one.domid === domid) ??
      (domid === undefined ? await pickDomain(act, able) : undefined);
    if (!domain) {
      if (able.length === 0 || domid !== undefined) throw cannot(act, world, domid);
      return;
    }
    await perform(xenscope, host.id, act, domain.name, domain.domid ?? domain.name);
  };
}

async function pickDomain(act: string, able: WorldState['domains']) {
  if (able.length === 0) return undefined;
  const items = able.map((domain) => ({ label: plain(domain.name), description: domain.state, domain }));
  return (await vscode.window.showQuickPick(items, { title: `${actText(act).label}: which guest?` }))?.domain;
}

function cannot(act: string, world: WorldState, domid: number | undefined): Failure {
  const domain = world.domains.find((one) => one.domid === domid);
  const now = domain ? `${domain.name} is ${domain.state} now` : 'No guest is in a state for it now';
  return failures.cannotAct(actText(act).label, now);
}

async function perform(
  xenscope: Xenscope,
  host: string,
  act: string,
  name: string,
  who: number | string,
): Promise<void> {
  const { label, icon, question, detail } = actText(act);
  if (question) {
    const answer = await ask(question(name), `${detail}.`, label);
    if (answer !== label) return;
  }
  await xenscope.connection.request('xenscope/domainAct', { host, act, who });
  say.briefly(icon, `${label}: ${name}`, statusMs);
}

/** Of a row of the views “Hosts” or “Rings”. */
function domidIn(argument: unknown): number | undefined {
  const { domid, domain } = (argument ?? {}) as { domid?: unknown; domain?: { domid?: unknown } };
  const found = domid ?? domain?.domid;
  return typeof found === 'number' ? found : undefined;
}

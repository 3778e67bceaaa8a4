/** Acts on devices: of the row that a command was called for, or of one that the person picks. */
import * as vscode from 'vscode';
import type { DeviceAct, DeviceDetail, DeviceRow, DeviceSideName } from '../../server/rpc/api';
import type { Xenscope } from '../context';
import { type DeviceActName, deviceActNames, deviceActs, isGoneDomain } from '../devices/deviceActs';
import { deviceDescription, deviceLabel, stateMeaning, stateName } from '../devices/deviceTexts';
import { failures } from '../errors';
import { DevicePanel } from '../panels/device';
import { plain } from '../plain';
import { shownHost } from './target';

interface DeviceTarget {
  readonly host: string;
  readonly device: string;
}

export async function openDevice(xenscope: Xenscope, argument: unknown): Promise<void> {
  const target = await deviceIn(xenscope, argument, () => true, 'Which device?');
  if (target) DevicePanel.open(xenscope, target.host, target.device);
}

/** A command for one act, as the menu of a device offers it. */
export function deviceActCommand(name: Exclude<DeviceActName, 'move'>) {
  return async (xenscope: Xenscope, argument: unknown): Promise<void> => {
    const { verb, fits } = deviceActs[name];
    const target = await deviceIn(xenscope, argument, fits, `${verb}: which device?`);
    if (target) await perform(xenscope, target, { kind: name });
  };
}

/** Any act that fits, chosen step by step. */
export async function deviceAct(xenscope: Xenscope, argument: unknown): Promise<void> {
  const target = await deviceIn(xenscope, argument, () => true, 'Which device?');
  if (!target) return;
  const { row } = await detailOf(xenscope, target);
  const fitting = deviceActNames.filter((name) => deviceActs[name].fits(row));
  const picked = await vscode.window.showQuickPick(
    fitting.map((name) => ({ label: deviceActs[name].verb, detail: deviceActs[name].detail, name })),
    { title: `What shall happen to ${titleOf(xenscope, target.host, row)}?` },
  );
  if (!picked) return;
  if (picked.name === 'move') await moveDevice(xenscope, target);
  else await perform(xenscope, target, { kind: picked.name });
}

export async function moveDevice(xenscope: Xenscope, argument: unknown): Promise<void> {
  const { verb, fits } = deviceActs.move;
  const target = await deviceIn(xenscope, argument, fits, `${verb}: which device?`);
  if (!target) return;
  const detail = await detailOf(xenscope, target);
  const items = movesOf(detail, (domid) => xenscope.hosts.domainName(target.host, domid));
  if (items.length === 0) throw failures.noMove(deviceLabel(detail.row));
  const title = `Write which state of ${titleOf(xenscope, target.host, detail.row)}?`;
  const picked = await vscode.window.showQuickPick(items, { title, matchOnDetail: true });
  if (picked) await perform(xenscope, target, { kind: 'move', side: picked.side, to: picked.to });
}

/** The move that is expected comes first. */
function movesOf({ row, legal }: DeviceDetail, nameOf: (domid: number) => string) {
  const sides: readonly DeviceSideName[] = ['frontend', 'backend'];
  const moves = sides.flatMap((side) => legal[side].map((to) => ({ side, to })));
  const isExpected = ({ side, to }: { side: DeviceSideName; to: number }) =>
    row.turn.who === side && row.turn.to === to;
  return [...moves.filter(isExpected), ...moves.filter((move) => !isExpected(move))].map(({ side, to }) => ({
    label: `${side === 'frontend' ? 'Frontend' : 'Backend'}: ${stateName(row[side].state)} → ${stateName(to)}`,
    description: plain(`as ${nameOf(row[side].domid)}${isExpected({ side, to }) ? ' · expected' : ''}`),
    detail: stateMeaning(side, to),
    side,
    to,
  }));
}

/** All that a domain which is gone has left behind. */
export async function cleanUpDomain(xenscope: Xenscope, argument: unknown): Promise<void> {
  const target = await goneDomainIn(xenscope, argument);
  if (!target) return;
  const act = { kind: 'device', path: `/local/domain/${target.domid}`, act: { kind: 'cleanUp' } } as const;
  await xenscope.acts.perform(target.host, act, { verb: deviceActs.cleanUp.verb, loud: true });
}

async function perform(xenscope: Xenscope, { host, device }: DeviceTarget, act: DeviceAct): Promise<void> {
  const { verb } = deviceActs[act.kind];
  const wait = act.kind === 'reconnect' ? 'Waiting until both ends are connected anew' : undefined;
  await xenscope.acts.perform(
    host,
    { kind: 'device', path: device, act },
    { verb, loud: true, ...(wait && { wait }) },
  );
}

function detailOf({ connection }: Xenscope, { host, device }: DeviceTarget): Promise<DeviceDetail> {
  return connection.request('xenscope/device', { host, device });
}

function titleOf({ hosts }: Xenscope, host: string, row: DeviceRow): string {
  return plain(`${deviceLabel(row)} of ${hosts.domainName(host, row.frontend.domid)}`);
}

/** A row of the view, or one that the person picks among those that fit. */
async function deviceIn(
  xenscope: Xenscope,
  argument: unknown,
  fits: (row: DeviceRow) => boolean,
  title: string,
): Promise<DeviceTarget | undefined> {
  const { host, device } = (argument ?? {}) as Partial<DeviceTarget>;
  if (typeof device === 'string') return { host: host ?? xenscope.hosts.currentId, device };
  const shown = await shownHost(xenscope);
  const rows = await xenscope.connection.request('xenscope/deviceList', { host: shown.id });
  const items = rows.filter(fits).map((row) => ({
    // As for rings: whoever types “web vif” finds it.
    label: plain(`${nameOf(xenscope, shown.id, row.frontend.domid)} ${deviceLabel(row)}`),
    description: plain(`domain ${row.frontend.domid} · ${deviceDescription(row)}`),
    device: row.id,
  }));
  if (items.length === 0) throw failures.noDevice(shown.label);
  const picked = await vscode.window.showQuickPick(items, { title, matchOnDescription: true });
  return picked && { host: shown.id, device: picked.device };
}

async function goneDomainIn(
  xenscope: Xenscope,
  argument: unknown,
): Promise<{ host: string; domid: number } | undefined> {
  const { host, domid } = (argument ?? {}) as { host?: string; domid?: unknown };
  if (typeof domid === 'number') return { host: host ?? xenscope.hosts.currentId, domid };
  const shown = await shownHost(xenscope);
  const rows = await xenscope.connection.request('xenscope/deviceList', { host: shown.id });
  const domids = [...new Set(rows.map(({ frontend }) => frontend.domid))];
  const gone = domids.filter((one) => isGoneDomain(rows.filter(({ frontend }) => frontend.domid === one)));
  if (gone.length === 0) throw failures.nothingLeft(shown.label);
  const items = gone.map((one) => ({ label: plain(xenscope.hosts.domainName(shown.id, one)), domid: one }));
  const picked = await vscode.window.showQuickPick(items, { title: 'Clean up what which domain left?' });
  return picked && { host: shown.id, domid: picked.domid };
}

function nameOf({ hosts }: Xenscope, host: string, domid: number): string {
  return hosts.domains(host).find((one) => one.domid === domid)?.name ?? `domain ${domid}`;
}

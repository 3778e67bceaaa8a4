/** Says before an act on a device which nodes it writes and what both sides do then, and whether it may be. It only reads. */
import type { StoreOperations } from '../../host/storeClient';
import { holdsRings } from '../../wire/xenbusDance';
import { XenbusState } from '../../wire/xenbusState';
import { isAtOrBelow } from '../../wire/xsPath';
import type { DeviceEdit, Verdict } from '../edit';
import { type GuardOptions, insistOnDomain0, isOwnOfDomain0, maxListedPaths } from '../guard';
import type { NodeChange } from './deviceAct';
import { beginAnew, planDevice } from './devicePlan';
import { type DeviceStanding, hasBegunAnew, readStanding } from './deviceStanding';
import { actText, changeText, howBothBegin, pairAfter, whatFollows } from './deviceWords';
import { leftDomain, planCleanUp, planDomainCleanUp } from './leftovers';

/** What is to be done, with what was seen when it was planned. */
export interface PlannedAct {
  /** Absent: it is about a domain that is gone. */
  readonly device?: DeviceStanding;
  readonly changes: readonly NodeChange[];
}

export type Planning = PlannedAct | { readonly problem: string; readonly wayOut?: string };

/** As the store is now, or within a transaction. */
export async function planAct(
  store: StoreOperations,
  { path, act }: DeviceEdit,
  options: GuardOptions,
): Promise<Planning> {
  // Why a backend in domain 0 failed is written among domain 0's own nodes: on a real host it stays.
  const mayRemove = (each: string) => mayTouch(each, options);
  const gone = act.kind === 'cleanUp' ? leftDomain(path) : undefined;
  if (gone !== undefined) return planDomainCleanUp(store, gone, mayRemove);
  const device = await readStanding(store, path);
  if (!device) return { problem: `There is no device ${path.slice(0, 256)}, or no longer.` };
  const plan = act.kind === 'cleanUp' ? await planCleanUp(store, device, mayRemove) : planDevice(device, act);
  return 'problem' in plan ? plan : { device, ...plan };
}

export async function judgeDevice(edit: DeviceEdit, options: GuardOptions): Promise<Verdict> {
  const planned = await planAct(options.store, edit, options);
  if ('problem' in planned) return refuse(planned.problem, planned.wayOut);
  const { device, changes } = planned;
  const later = device && edit.act.kind === 'reconnect' ? laterChange(device, changes) : undefined;
  const forbidden = [...changes, ...(later ? [later] : [])].find(({ path }) => !mayTouch(path, options));
  if (forbidden) {
    return {
      verdict: 'refuse',
      text: `${forbidden.path} is a path of domain 0 itself, and this is a real host.`,
      details: insistOnDomain0,
    };
  }
  const text = device ? actText(edit.act, device, options.nameDomain) : leftText(edit.path, options);
  const lines = edit.act.kind === 'cleanUp' ? removalLines(changes) : writingLines(planned, later, options);
  return { verdict: 'confirm', text, details: lines, changes };
}

function mayTouch(path: string, { isReal, allowDomain0Edits }: GuardOptions): boolean {
  return !isReal || !isOwnOfDomain0(path) || allowDomain0Edits();
}

function leftText(path: string, { nameDomain }: GuardOptions): string {
  return `Remove all backends that ${nameDomain(leftDomain(path)!)} left behind?`;
}

function removalLines(changes: readonly NodeChange[]): string[] {
  const lines = changes.slice(0, maxListedPaths).map(changeText);
  if (changes.length > lines.length) lines.push(`… and ${changes.length - lines.length} more`);
  return [...lines, 'A driver that still holds the device sees it go, and lets go of its rings.'];
}

function writingLines(
  { device, changes }: PlannedAct,
  later: NodeChange | undefined,
  { isReal }: GuardOptions,
): string[] {
  const known = device!;
  const pair = pairAfter(known, changes);
  const lines = [
    ...(changes.length === 0 ? [whyNothing(known)] : changes.map(changeText)),
    ...ringLines(known, pair),
    whatFollows(pair),
  ];
  if (later) {
    const { Initialising: frontend, Closed: backend } = XenbusState;
    lines.push(
      `${changeText(later)}, unless the frontend begins anew by itself.`,
      whatFollows({ ...pair, frontend, backend }),
    );
  }
  const writesFrontend =
    later !== undefined || changes.some(({ path }) => isAtOrBelow(path, known.frontend.path));
  if (isReal && known.frontend.exists && writesFrontend) {
    lines.push(
      'A frontend that keeps its state to itself, as those of Linux do, does not see what is written for it: it begins anew only when its driver is loaded again or the device is plugged anew, and until then the guest is without it.',
    );
  }
  return lines;
}

/** Of a reconnect of which the first half is done already. */
function whyNothing(device: DeviceStanding): string {
  return hasBegunAnew(device)
    ? `Nothing is written: the frontend has begun anew already, and only its backend is waited for. ${howBothBegin}`
    : 'Nothing is written now: the device is closing already, and that is waited for.';
}

/** What a reconnect writes when both ends have closed, where it has not come to that yet, and will. */
function laterChange(device: DeviceStanding, changes: readonly NodeChange[]): NodeChange | undefined {
  if (hasBegunAnew(device)) return undefined;
  const frontend = { ...device.frontend, state: XenbusState.Closed, stateText: String(XenbusState.Closed) };
  const [later] = beginAnew({ ...device, frontend });
  return changes.some(({ path }) => path === later?.path) ? undefined : later;
}

function ringLines({ frontend, backend }: DeviceStanding, pair: ReturnType<typeof pairAfter>): string[] {
  const had = holdsRings('frontend', frontend.state) && holdsRings('backend', backend.state);
  const keeps = holdsRings('frontend', pair.frontend) && holdsRings('backend', pair.backend);
  return had && !keeps
    ? ['Its rings go: what is in flight in them is asked again by the guest, or lost.']
    : [];
}

function refuse(text: string, wayOut?: string): Verdict {
  return { verdict: 'refuse', text, details: wayOut === undefined ? [] : [wayOut] };
}

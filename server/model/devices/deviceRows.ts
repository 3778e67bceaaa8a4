/** Puts the two ends of devices together: by what each says of the other, or alone where the other is missing. */
import { xenbusMoves, xenbusTurn } from '../../wire/xenbusDance';
import type { XenbusState } from '../../wire/xenbusState';
import { compareNames } from '../naturalOrder';
import type { DeviceSeen, SideSeen } from './deviceSeen';
import type { DanceStep, DeviceDetail, DeviceRow, DeviceSide, PublishedNode } from './deviceTypes';

type Sides = ReadonlyMap<string, SideSeen>;

/** Nodes that say nothing of what a driver published: the toolstack wrote them. */
const plumbing = new Set(['frontend', 'frontend-id', 'backend', 'backend-id', 'state', 'online']);

/** In order of the frontends' domains, then of their paths. */
export function joinSides(sides: Sides, hasDomain: (domid: number) => boolean): DeviceSeen[] {
  const joined = new Set<SideSeen>();
  const devices: DeviceSeen[] = [];
  for (const front of sides.values()) {
    if (front.path.side !== 'frontend') continue;
    const back = sides.get(front.otherFolder ?? '');
    if (back) joined.add(back);
    devices.push(deviceOf(front, back, hasDomain));
  }
  for (const back of sides.values()) {
    if (back.path.side !== 'backend' || joined.has(back)) continue;
    // The first console of a guest has no dance: its frontend is no folder of devices.
    if (back.path.kind === 'console' && (back.otherFolder ?? '').endsWith('/console')) continue;
    devices.push(deviceOf(undefined, back, hasDomain, sides.get(back.otherFolder ?? '')));
  }
  return devices.sort((one, other) => compareNames(one.id, other.id));
}

/** `stray`: the frontend that a backend names, where that one names another backend. */
function deviceOf(
  front: SideSeen | undefined,
  back: SideSeen | undefined,
  hasDomain: (domid: number) => boolean,
  stray?: SideSeen,
): DeviceSeen {
  const { path } = (front ?? back)!;
  const named = front ?? stray;
  const frontend = sideOf(named, back?.otherFolder, back?.path.servesDomid ?? 0);
  const backend = sideOf(back, front?.otherFolder, Number(front?.value('backend-id') ?? 0) || 0);
  const online = back?.value('online');
  const turn = xenbusTurn({
    frontend: frontend.state as XenbusState,
    backend: backend.state as XenbusState,
    online: online === '1',
  });
  return {
    id: path.folder,
    kind: path.kind,
    devid: path.devid,
    frontend,
    backend,
    ...(online === undefined ? {} : { online: online === '1' }),
    turn,
    history: historyOf(front, back),
    published: { frontend: publishedOf(named), backend: publishedOf(back) },
    naming: {
      ...(named ? { frontend: named.naming } : {}),
      ...(back ? { backend: back.naming } : {}),
    },
    perms: {
      ...(named?.perms ? { frontend: named.perms } : {}),
      ...(back?.perms ? { backend: back.perms } : {}),
    },
    hasDomain,
  };
}

function historyOf(front: SideSeen | undefined, back: SideSeen | undefined): DanceStep[] {
  const steps = [...(front?.steps ?? []), ...(back?.steps ?? [])];
  return steps
    .sort((one, other) => one.order - other.order)
    .map(({ timeMs, side, from, to, isDirect, isIllegal }) => ({
      timeMs,
      side,
      from,
      to,
      isDirect,
      isIllegal,
    }));
}

/** One that is not there has the place that the other names. */
function sideOf(seen: SideSeen | undefined, named: string | undefined, domid: number): DeviceSide {
  if (!seen) return { path: named ?? '', domid, exists: false, state: 0 };
  const { path, state, sinceMs, error } = seen;
  return {
    path: path.folder,
    domid: path.domid,
    exists: true,
    state,
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(error === undefined ? {} : { error }),
  };
}

function publishedOf(seen: SideSeen | undefined): PublishedNode[] {
  return (seen?.nodes ?? []).filter(({ name }) => !plumbing.has(name));
}

export function detailOf(seen: DeviceSeen, row: DeviceRow, droppedSteps: number): DeviceDetail {
  const legal = (side: 'frontend' | 'backend') => xenbusMoves(side, seen[side].state as XenbusState);
  return {
    row,
    history: seen.history,
    droppedSteps,
    published: seen.published,
    legal: { frontend: legal('frontend'), backend: legal('backend') },
  };
}

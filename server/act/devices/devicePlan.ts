/** Which nodes an act on a device writes, as the device stands now, or why it cannot be done. Pure. */
import { xenbusMoves } from '../../wire/xenbusDance';
import { XenbusState } from '../../wire/xenbusState';
import type { DeviceAct, NodeChange } from './deviceAct';
import { type DeviceEndStanding, type DeviceStanding, isOnline } from './deviceStanding';
import { stateText } from './deviceWords';

/** Acts that write values; what is removed is planned in leftovers.ts. */
export type WritingAct = Exclude<DeviceAct, { readonly kind: 'cleanUp' }>;

export type DevicePlan =
  | { readonly changes: readonly NodeChange[] }
  /** One sentence: why not; and what could be done instead. */
  | { readonly problem: string; readonly wayOut?: string };

const { Unknown, Initialising, Closing, Closed } = XenbusState;

export function planDevice(device: DeviceStanding, act: WritingAct): DevicePlan {
  const { label, frontend, backend, agrees } = device;
  if (!agrees) {
    return {
      problem: `The ends of ${label} do not name each other, so it cannot be told what belongs to it.`,
      wayOut:
        'Look at the nodes “frontend” and “backend” of both; what is wrong there can be edited in the tree.',
    };
  }
  switch (act.kind) {
    case 'reconnect':
      return planReconnect(device);
    case 'offline':
      return planOffline(device);
    case 'online':
      return planOnline(device);
    case 'forceClose':
      return atLeastOne(
        [...moveTo(frontend, Closed), ...moveTo(backend, Closed)],
        `No end of ${label} has a state that could be closed.`,
      );
    case 'move':
      return planMove(device, act);
  }
}

function planReconnect(device: DeviceStanding): DevicePlan {
  const { label, frontend, backend } = device;
  const half = [frontend, backend].find(({ state }) => state === Unknown);
  if (half) {
    return {
      problem: `${label} cannot be connected anew: its ${half.side} ${half.exists ? 'has no state' : 'is gone'}.`,
      wayOut: 'Clean up what is left of it, and have the toolstack make it anew.',
    };
  }
  if (!isOnline(device)) {
    return {
      problem: `${label} is offline: it is to be removed, not connected.`,
      wayOut: 'Bring it online.',
    };
  }
  if (backend.state === Closing || backend.state === Closed) {
    return { changes: frontend.state === Closed && backend.state === Closed ? beginAnew(device) : [] };
  }
  return { changes: moveTo(backend, Closing) };
}

/** What lets a frontend whose device has closed at both ends begin anew. */
export function beginAnew({ frontend }: DeviceStanding): readonly NodeChange[] {
  return moveTo(frontend, Initialising);
}

/** As libxl unplugs: the frontend is not written to, it follows its backend. */
function planOffline(device: DeviceStanding): DevicePlan {
  const { label, backend, onlineText } = device;
  if (backend.state === Unknown) return noBackend(device);
  const closing = backend.state === Closed ? [] : moveTo(backend, Closing);
  return atLeastOne([...online(backend, onlineText, '0'), ...closing], `${label} is offline already.`);
}

function planOnline(device: DeviceStanding): DevicePlan {
  const { label, frontend, backend, onlineText } = device;
  if (backend.state === Unknown) return noBackend(device);
  const anew = backend.state === Closed ? moveTo(backend, Initialising) : [];
  // A frontend that is still open sees its backend begin, and would connect to what it has not left.
  const follows = backend.state === Closed && frontend.state === Closed ? moveTo(frontend, Initialising) : [];
  const changes = [...online(backend, onlineText, '1'), ...anew, ...follows];
  return atLeastOne(changes, `${label} is online already, and in use or about to be.`);
}

function planMove(device: DeviceStanding, { side, to }: WritingAct & { kind: 'move' }): DevicePlan {
  const { label } = device;
  const end = device[side];
  if (end.state === Unknown) {
    return { problem: `The ${side} of ${label} ${end.exists ? 'has no state' : 'is gone'}: it cannot move.` };
  }
  const legal = xenbusMoves(side, end.state);
  const fits = legal.find((state) => state === to);
  if (fits !== undefined) return { changes: moveTo(end, fits) };
  return {
    problem: `By the rules no ${side} goes from ${stateText(end.state)} to ${stateText(to)}.`,
    wayOut: `From there it may go to ${legal.map(stateText).join(', ')}.`,
  };
}

function noBackend({ label, backend }: DeviceStanding): DevicePlan {
  return {
    problem: `The backend of ${label} ${backend.exists ? 'has no state' : 'is gone'}: nobody serves the device.`,
    wayOut: 'Clean up what is left of it, and have the toolstack make it anew.',
  };
}

/** Nothing where it is there already, or has no state: a folder that somebody removed never comes back. */
function moveTo({ path, state, stateText: from }: DeviceEndStanding, to: XenbusState): readonly NodeChange[] {
  if (state === Unknown || state === to || from === undefined) return [];
  return [{ path: `${path}/state`, from, to: String(to) }];
}

function online({ path }: DeviceEndStanding, from: string | undefined, to: '0' | '1'): readonly NodeChange[] {
  if (from === to) return [];
  return [{ path: `${path}/online`, ...(from === undefined ? {} : { from }), to }];
}

function atLeastOne(changes: readonly NodeChange[], problem: string): DevicePlan {
  return changes.length > 0 ? { changes } : { problem };
}

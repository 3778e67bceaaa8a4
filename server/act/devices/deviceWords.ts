/** An act on a device in words: what is written, and what both sides do then by the rules of the dance. */
import type { NameDomain } from '../../model/meaning';
import { xenbusTurn } from '../../wire/xenbusDance';
import type { XenbusPair } from '../../wire/xenbusDance';
import { XenbusState } from '../../wire/xenbusState';
import type { DeviceAct, NodeChange } from './deviceAct';
import type { DeviceStanding } from './deviceStanding';

const names = Object.keys(XenbusState);
/** The longest dance, there and back. */
const maxFollowingSteps = 10;

/** Of a frontend that has begun anew, with a backend that stays closed. */
export const howBothBegin =
  'A backend that has given the device up, as Linux’s does when a frontend’s state cannot be read, follows no more: Force Close, and then Bring Online, has both ends begin anew.';

/** `Closing (5)`. */
export function stateText(state: number): string {
  return `${names[state] ?? 'no state'} (${state})`;
}

/** `/local/…/state: 4 (Connected) → 5 (Closing)`. */
export function changeText({ path, from, to }: NodeChange): string {
  if (to === undefined) return `${path}: removed, with all below it`;
  return `${path}: ${valueText(path, from)} → ${valueText(path, to)}`;
}

function valueText(path: string, value: string | undefined): string {
  if (value === undefined) return 'not there';
  const name = path.endsWith('/state') && /^[0-8]$/.test(value) ? names[Number(value)] : undefined;
  return name === undefined ? `"${value.slice(0, 40)}"` : `${value} (${name})`;
}

/** What an act does, in one sentence that asks. */
export function actText(
  act: DeviceAct,
  { label, frontend, backend }: DeviceStanding,
  name: NameDomain,
): string {
  const device = `${label} of ${name(frontend.domid)}`;
  switch (act.kind) {
    case 'reconnect':
      return `Connect ${device} anew?`;
    case 'offline':
      return `Take ${device} offline?`;
    case 'online':
      return `Bring ${device} online?`;
    case 'forceClose':
      return `Write Closed at both ends of ${device}, without waiting for anybody?`;
    case 'move': {
      const { domid, state } = act.side === 'frontend' ? frontend : backend;
      return `Move the ${act.side} of ${device}, in ${name(domid)}, from ${stateText(state)} to ${stateText(act.to)}?`;
    }
    case 'cleanUp':
      return `Remove what is left of ${device}?`;
  }
}

/** The pair of states after these changes. */
export function pairAfter(device: DeviceStanding, changes: readonly NodeChange[]): XenbusPair {
  const written = (path: string) => changes.find((change) => change.path === path)?.to;
  const stateOf = ({ path, state }: DeviceStanding['frontend']) =>
    Number(written(`${path}/state`) ?? state) as XenbusState;
  const online = written(`${device.backend.path}/online`) ?? device.onlineText;
  return {
    frontend: stateOf(device.frontend),
    backend: stateOf(device.backend),
    online: Number(online) === 1,
  };
}

/** Who goes where then, by the rules, until nobody has to move: one sentence. */
export function whatFollows(pair: XenbusPair): string {
  const moves: string[] = [];
  for (let now = pair; ;) {
    const { who, to, why } = xenbusTurn(now);
    if (who === 'nobody' || to === undefined || moves.length >= maxFollowingSteps) {
      return moves.length === 0
        ? `Then nobody has to move: ${why}.`
        : `Then, by the rules, ${inOrder(moves)}: ${why}.`;
    }
    moves.push(`the ${who} ${moves.length === 0 ? 'goes ' : ''}to ${stateText(to)}`);
    now = { ...now, [who]: to };
  }
}

function inOrder(moves: readonly string[]): string {
  return moves.length === 1 ? moves[0]! : `${moves.slice(0, -1).join(', ')} and ${moves.at(-1)}`;
}

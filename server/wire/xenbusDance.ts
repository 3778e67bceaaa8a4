/**
 * The rules of the device handshake: which moves each side may make, and who has to move. Written
 * down nowhere as a whole; put together from what Linux' xenbus drivers and QEMU's backends do and
 * what their peers rely on.
 */
import { XenbusState } from './xenbusState';

export type XenbusSide = 'frontend' | 'backend';

const { Unknown, Initialising, InitWait, Initialised, Connected, Closing, Closed } = XenbusState;
const { Reconfiguring, Reconfigured } = XenbusState;

/**
 * From each state, where a frontend may go by itself. From Connected a close may skip Closing when
 * the backend closes first.
 */
const frontendMoves: Readonly<Record<XenbusState, readonly XenbusState[]>> = {
  [Unknown]: [],
  [Initialising]: [Initialised, Connected, Closing, Closed],
  // Frontends have no use for InitWait; those that stand there may only close.
  [InitWait]: [Closing, Closed],
  [Initialised]: [Connected, Closing, Closed],
  [Connected]: [Reconfiguring, Closing, Closed],
  [Closing]: [Closed],
  [Closed]: [Initialising],
  [Reconfiguring]: [Reconfigured, Closing, Closed],
  [Reconfigured]: [Connected, Reconfiguring, Closing, Closed],
};

/** The same for a backend. A closed one that serves another frontend begins at Initialising or at InitWait. */
const backendMoves: Readonly<Record<XenbusState, readonly XenbusState[]>> = {
  [Unknown]: [],
  [Initialising]: [InitWait, Closing, Closed],
  [InitWait]: [Initialised, Connected, Closing, Closed],
  [Initialised]: [Connected, Closing, Closed],
  [Connected]: [Reconfiguring, Closing, Closed],
  [Closing]: [Closed],
  [Closed]: [Initialising, InitWait],
  [Reconfiguring]: [Reconfigured, Connected, Closing, Closed],
  [Reconfigured]: [Connected, Reconfiguring, Closing, Closed],
};

/** Where a side may go from `from` by the rules, whatever the other side says. */
export function xenbusMoves(side: XenbusSide, from: XenbusState): readonly XenbusState[] {
  return (side === 'frontend' ? frontendMoves : backendMoves)[from];
}

export function isXenbusMove(side: XenbusSide, from: XenbusState, to: XenbusState): boolean {
  return xenbusMoves(side, from).includes(to);
}

/** States in which a side holds rings that the other one maps, or may map. */
export function holdsRings(side: XenbusSide, state: XenbusState): boolean {
  if (side === 'frontend' && state === Initialised) return true;
  return state === Connected || state === Reconfiguring || state === Reconfigured;
}

export interface XenbusPair {
  readonly frontend: XenbusState;
  readonly backend: XenbusState;
  /** The backend's `online`: whether the toolstack wants the device to be there. */
  readonly online: boolean;
}

export interface XenbusTurn {
  /** Who has to move; nobody where the pair is at rest. */
  readonly who: XenbusSide | 'nobody';
  /** Where it is expected to go; absent where nobody has to move. */
  readonly to?: XenbusState;
  /** What it is doing, or ought to do, in one clause. */
  readonly why: string;
}

/** Whose turn it is. Pairs that no dance leads to are the turn of whoever is to close first. */
export function xenbusTurn({ frontend, backend, online }: XenbusPair): XenbusTurn {
  if (frontend === Unknown || backend === Unknown) return halfTurn(frontend, backend);
  if (backend === Closing || backend === Closed) return closingTurn(frontend, backend, online);
  if (frontend === Closing || frontend === Closed) {
    return {
      who: 'backend',
      to: Closing,
      why: 'the frontend closes, and the backend has to let its rings go',
    };
  }
  if (backend === Initialising)
    return { who: 'backend', to: InitWait, why: 'the backend prepares the device' };
  if (backend === InitWait || backend === Initialised) return openingTurn(frontend);
  if (frontend === Initialised) {
    return {
      who: 'frontend',
      to: Connected,
      why: 'the backend is connected, and the frontend has to follow',
    };
  }
  if (frontend === Initialising || frontend === InitWait) {
    return {
      who: 'backend',
      to: Closing,
      why: 'the backend still serves a frontend that has begun anew without closing',
    };
  }
  if (frontend === Reconfiguring || backend === Reconfiguring) {
    const who = frontend === Reconfiguring ? 'backend' : 'frontend';
    return { who, to: Reconfigured, why: 'the device is being changed while it is in use' };
  }
  return { who: 'nobody', why: 'both are connected' };
}

function openingTurn(frontend: XenbusState): XenbusTurn {
  if (frontend === Initialised || frontend === Connected) {
    return {
      who: 'backend',
      to: Connected,
      why: 'the frontend has published its rings; the backend has to map them',
    };
  }
  return { who: 'frontend', to: Initialised, why: 'the backend waits for the rings of the frontend' };
}

function closingTurn(frontend: XenbusState, backend: XenbusState, online: boolean): XenbusTurn {
  if (backend === Closing) {
    return frontend === Closed
      ? { who: 'backend', to: Closed, why: 'the frontend has closed, and the backend has to follow' }
      : { who: 'frontend', to: Closed, why: 'the backend closes, and the frontend has to let the device go' };
  }
  if (frontend === Initialising) {
    return online
      ? { who: 'backend', to: InitWait, why: 'the frontend begins anew, and the backend has to follow' }
      : { who: 'nobody', why: 'the device was taken offline and is to be removed' };
  }
  if (frontend !== Closed) {
    return { who: 'frontend', to: Closed, why: 'the backend has closed, and the frontend has not' };
  }
  return {
    who: 'nobody',
    why: online ? 'both have closed' : 'both have closed, and the device is to be removed',
  };
}

function halfTurn(frontend: XenbusState, backend: XenbusState): XenbusTurn {
  if (frontend === backend) return { who: 'nobody', why: 'neither side has a state' };
  return backend === Unknown
    ? { who: 'frontend', to: Closed, why: 'the backend has no state: it is gone, or was never there' }
    : { who: 'backend', to: Closed, why: 'the frontend has no state: it is gone, or was never there' };
}

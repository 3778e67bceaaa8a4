/**
 * The backends in QEMU since 2019 (hw/xen/xen-bus.c, hw/block/xen-block.c): they wait for the
 * frontend at once, watch what the toolstack writes into their own state, and destroy the device
 * when it is offline and closed.
 */
import { XenbusState } from '../../wire/xenbusState';
import type { BackendPolicy, BackendStep, BackendView } from './backendPolicy';
import { publishesRings, repair } from './common';

const { Unknown, Initialising, InitWait, Initialised, Connected, Closing, Closed } = XenbusState;

export const modernBackend: BackendPolicy = {
  name: 'modern',
  watches: 'state',
  writesHotplugStatus: true,
  closesOnFailure: true,
  next: (view) => repair(view) ?? follow(view),
};

function follow({ own, other, online, isSetUp, hotplug }: BackendView): BackendStep | undefined {
  if (!online && (own === Initialising || own === InitWait || own === Closed)) {
    return isSetUp || own === Closed ? { kind: 'end' } : undefined;
  }
  switch (own) {
    case Initialising:
      return { kind: 'init', to: InitWait };
    case InitWait:
    case Initialised:
      if (!isSetUp) return { kind: 'init', to: InitWait };
      if (hotplug === 'due') return { kind: 'plug' };
      if (publishesRings(other) && hotplug === 'done') return { kind: 'attach', to: Connected };
      return leave(other);
    case Connected:
      return leave(other);
    case Closing:
      // Whoever is not on the way to close will not answer a Closing.
      return other === Unknown || other === Initialising || other === Closed
        ? { kind: 'switch', to: Closed }
        : undefined;
    case Closed:
      if (other !== Initialising) return undefined;
      return isSetUp ? { kind: 'switch', to: InitWait } : { kind: 'init', to: InitWait };
    default:
      return undefined;
  }
}

function leave(other: XenbusState): BackendStep | undefined {
  if (other === Closing) return { kind: 'switch', to: Closing };
  return other === Closed || other === Unknown ? { kind: 'switch', to: Closed } : undefined;
}

/**
 * The backends in QEMU as they were from 2008 to 2018 (hw/xen/xen_backend.c): they begin only with a
 * device whose state is Initialising, follow the frontend's Closing and Closed word for word, and
 * begin anew only when a closed frontend is Initialising again.
 */
import { XenbusState } from '../../wire/xenbusState';
import type { BackendPolicy, BackendStep, BackendView } from './backendPolicy';
import { publishesRings, repair } from './common';

const { Initialising, InitWait, Connected, Closing, Closed } = XenbusState;

export const classicBackend: BackendPolicy = {
  name: 'classic',
  watches: 'folder',
  writesHotplugStatus: true,
  closesOnFailure: false,
  next: (view) =>
    view.own !== Initialising && !view.isSetUp ? untouched(view) : (repair(view) ?? follow(view)),
};

/** A device in any other state was somebody else's, and stays as it is. */
function untouched({ own }: BackendView): BackendStep | undefined {
  return own === XenbusState.Unknown ? { kind: 'end' } : undefined;
}

function follow({ own, other, online, hotplug }: BackendView): BackendStep | undefined {
  // Before everything else. A backend that has closed stays so until the frontend begins anew.
  if ((other === Closing || other === Closed) && own !== other && own !== Closed) {
    return { kind: 'switch', to: other };
  }
  switch (own) {
    case Initialising:
      return online && !isLeaving(other) ? { kind: 'init', to: InitWait } : undefined;
    case InitWait:
      if (hotplug === 'due') return { kind: 'plug' };
      return publishesRings(other) && hotplug === 'done' ? { kind: 'attach', to: Connected } : undefined;
    case Closed:
      return other === Initialising ? { kind: 'switch', to: Initialising } : undefined;
    default:
      return undefined;
  }
}

const isLeaving = (other: XenbusState) => other === Closing || other === Closed;

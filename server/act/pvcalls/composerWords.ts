/** How a composer fares, in words: what it waits for, why it ended, and what to do about it. Pure. */
import { XenbusState, xenbusStateName } from '../../wire/xenbusState';
import type { ComposerState } from './plan';
import type { EndStates } from '../../pvcalls/frontend/ownDevice';

const { Unknown, Initialising, InitWait, Initialised, Connected, Closing, Closed } = XenbusState;

/** `Connected`; undefined where there is no node, or nonsense in it. */
export function stateName(state: XenbusState): string | undefined {
  return state === Unknown ? undefined : xenbusStateName(String(state));
}

export interface ComposerNames {
  /** `web (3)`. */
  readonly own: string;
  readonly backend: string;
  /** The world is held: nothing goes on in it. */
  readonly isHeld: () => boolean;
  /** The world's pace is 0: nothing that takes time goes on in it. */
  readonly isQuiet: () => boolean;
}

export type Words = Pick<ComposerState, 'text' | 'wayOut' | 'severity'>;

export function openingWords(states: EndStates | undefined, names: ComposerNames): Words {
  const still = stillWords(names);
  if (still) return note(`The device is being connected, and ${still.text}`, still.wayOut);
  const { own, backend } = names;
  if (!states) return note(`A device of ${own} is being made, with its backend in ${backend}…`);
  switch (states.backend) {
    case Unknown:
      return {
        text: `The backend’s nodes are gone: ${backend} has ended, or somebody has removed the device.`,
        wayOut: 'Close it, and open another one.',
        severity: 'warning',
      };
    case Initialising:
      return note(
        `Waiting until ${backend} takes the device: its backend is still Initialising.`,
        'If it stays so, no backend of PV Calls runs there: load Linux’s pvcalls-back, or open Xenscope’s own.',
      );
    case InitWait:
      return note(`The backend in ${backend} waits for our ring…`);
    case Initialised:
    case Connected:
      return note('The ring is shared; the last step of the handshake is under way…');
    default:
      return note(`The backend in ${backend} is ${stateName(states.backend)}.`);
  }
}

export function openWords(names: ComposerNames, isRingBroken: string | undefined): Words {
  if (isRingBroken !== undefined) {
    return { text: isRingBroken, wayOut: 'Close it, and open another device.', severity: 'error' };
  }
  if (names.isHeld()) return note(`Connected to ${names.backend}, and ${held.text}`, held.wayOut);
  return { text: `Connected to ${names.backend}.`, severity: 'fine' };
}

export function closingWords(names: ComposerNames): Words {
  const still = stillWords(names);
  if (still) return note(`The device is being closed, and ${still.text}`, still.wayOut);
  return note(`The device is being closed: ${names.backend} has to let go of it first…`);
}

/** Why the other side ended the device, as far as the states tell. */
export function lostWords(
  states: EndStates | undefined,
  wasOpen: boolean,
  names: ComposerNames,
): { readonly text: string; readonly wayOut: string } {
  const wayOut = 'Close it, and open another device.';
  const before = wasOpen ? '' : ' before it was connected';
  if (states?.backend === Unknown) {
    const text = `The backend’s nodes are gone: ${names.backend} has ended, or somebody has removed the device.`;
    return { text, wayOut };
  }
  if (states?.frontend === Unknown) return { text: `Somebody has removed the frontend’s nodes.`, wayOut };
  if (states?.backend === Closing || states?.backend === Closed) {
    const text = `The backend in ${names.backend} has closed the device${before}.`;
    return { text, wayOut: `${wayOut} Why, it may say below “error” in its domain’s folder.` };
  }
  return { text: `The device was closed${before}.`, wayOut };
}

const held = { text: 'the world is held.', wayOut: 'Resume the world, or step it on.' };

function stillWords(names: ComposerNames): { readonly text: string; readonly wayOut: string } | undefined {
  if (names.isHeld()) return held;
  if (!names.isQuiet()) return undefined;
  return { text: 'the world stands still: its pace is 0.', wayOut: 'Give the world a pace.' };
}

function note(text: string, wayOut?: string): Words {
  return { text, ...(wayOut !== undefined && { wayOut }), severity: 'note' };
}

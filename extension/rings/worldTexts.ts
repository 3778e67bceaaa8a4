/** What can be done with a guest of the simulator, and what can be broken, in words. */
import type { WorldFaultState, WorldState } from '../../server/rpc/api';
import { countOf } from '../values';

export interface ActText {
  readonly label: string;
  readonly icon: string;
  readonly detail: string;
  /** What the question says before it is done; absent where nothing is lost by it. */
  readonly question?: (name: string) => string;
}

/** By the name of the act; `can` of a domain says which make sense now. */
export const actTexts: Readonly<Record<string, ActText>> = {
  start: { label: 'Start', icon: 'play', detail: 'Builds the guest and lets it boot' },
  pause: { label: 'Pause', icon: 'debug-pause', detail: 'Stops its processors; its rings stand still' },
  unpause: { label: 'Unpause', icon: 'debug-continue', detail: 'Lets its processors go on' },
  suspend: { label: 'Suspend', icon: 'debug-disconnect', detail: 'Asks the guest to suspend itself' },
  resume: { label: 'Resume', icon: 'debug-continue', detail: 'Wakes the suspended guest' },
  shutdown: {
    label: 'Shut Down',
    icon: 'debug-stop',
    detail: 'Asks the guest to power itself off',
    question: (name) => `Shut ${name} down?`,
  },
  reboot: {
    label: 'Reboot',
    icon: 'debug-restart',
    detail: 'Asks the guest to reboot; it comes back with another number',
    question: (name) => `Reboot ${name}?`,
  },
  destroy: {
    label: 'Destroy',
    icon: 'trash',
    detail: 'Ends it at once, without asking the guest',
    question: (name) => `Destroy ${name} without asking it?`,
  },
  crash: {
    label: 'Crash',
    icon: 'flame',
    detail: 'Its kernel panics; what happens then is the toolstack’s to decide',
    question: (name) => `Crash the kernel of ${name}?`,
  },
  watchdog: {
    label: 'Let the Watchdog Bite',
    icon: 'watch',
    detail: 'The guest stops feeding its watchdog, and Xen ends it',
    question: (name) => `Let the watchdog of ${name} bite?`,
  },
  kexec: {
    label: 'Kexec',
    icon: 'sync',
    detail: 'Starts another kernel in the guest, which tells nobody',
    question: (name) => `Start another kernel in ${name}?`,
  },
  softReset: {
    label: 'Soft Reset',
    icon: 'sync',
    detail: 'Starts another kernel through the toolstack, which connects it anew',
    question: (name) => `Soft-reset ${name}?`,
  },
};

/** An act that this editor has no words for is shown by its name. */
export function actText(act: string): ActText {
  return actTexts[act] ?? { label: act, icon: 'circle-outline', detail: '' };
}

export function probabilityText(probability: number): string {
  if (probability <= 0) return 'off';
  if (probability >= 1) return 'always';
  const percent = probability * 100;
  return `${percent >= 1 ? Math.round(percent) : percent.toFixed(1)} %`;
}

export const probabilityChoices = [
  { probability: 0, label: 'Off', detail: 'Nothing of the kind happens' },
  { probability: 0.01, label: '1 %', detail: 'Once in a hundred times' },
  { probability: 0.1, label: '10 %', detail: 'Once in ten times' },
  { probability: 0.5, label: '50 %', detail: 'Every other time' },
  { probability: 1, label: 'Always', detail: 'Each time that it could happen' },
] as const;

/** `lostNotify` as a person reads it: `Lost notify`. */
export function faultLabel(name: string): string {
  const words = name.replace(
    /([a-z])([A-Z])/g,
    (_all, end: string, start: string) => `${end} ${start.toLowerCase()}`,
  );
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What is broken on purpose now, one line for each: `Lost notify, for web (2): 50 %`. */
export function faultsOn(
  world: Pick<WorldState, 'faults'> | undefined,
  nameOf: (domid: number) => string,
): readonly string[] {
  return (world?.faults ?? []).flatMap(({ name, probability, ofDomains }: WorldFaultState) => {
    const line = (whose: string, often: number) => `${faultLabel(name)}${whose}: ${probabilityText(often)}`;
    const own = ofDomains.filter((one) => one.probability > 0);
    return [
      ...(probability > 0 ? [line('', probability)] : []),
      ...own.map((one) => line(`, for ${nameOf(one.domid)}`, one.probability)),
    ];
  });
}

/** Shortly, beside the host; undefined where nothing is broken. */
export function faultsOnText({ length }: readonly string[]): string | undefined {
  return length === 0 ? undefined : `${countOf(length, 'fault')} on`;
}

/** In the hover of the host. */
export function faultsOnTooltip(lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return [];
  return [`Broken on purpose: ${lines.join('; ')}.`, '“Xenscope: Turn All Faults Off” mends it.'];
}

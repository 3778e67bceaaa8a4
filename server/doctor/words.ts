/** How verdicts speak: names of sides, lengths of time, indices. */
import { resetRememberedMs } from '../model/rings/remembered';
import type { DirectionHistory, RingHistory } from '../model/rings/ringHistory';

export function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}

/** `1,024`: a long whole number is read in groups. */
export function grouped(value: number): string {
  // Not by toLocaleString: it costs more than the rest of a judgement.
  const digits = String(value);
  let text = digits.slice(-3);
  for (let end = digits.length - 3; end > 0; end -= 3) {
    text = `${digits.slice(Math.max(0, end - 3), end)},${text}`;
  }
  return text;
}

/** `350 ms`, `4 s`, `3 min`: the coarser the longer, so that a text does not change all the time. */
export function howLong(ms: number): string {
  if (ms < 1_000) return `${Math.floor(ms / 50) * 50} ms`;
  if (ms < 120_000) return `${Math.floor(ms / 1_000)} s`;
  return `${Math.floor(ms / 60_000)} min`;
}

export function consumerOf({ layout }: DirectionHistory, { page }: RingHistory): string {
  return layout.consumer === 'guest' ? `the ${page.layout.guestName}` : page.layout.serverName;
}

export function producerOf({ layout }: DirectionHistory, { page }: RingHistory): string {
  return layout.producer === 'guest' ? `the ${page.layout.guestName}` : page.layout.serverName;
}

/** The pair and what it means. */
export function pairLine({ layout, prod, cons, usedBytes }: DirectionHistory): string {
  const { prodWord, consWord, sizeBytes } = layout;
  return `${prodWord} is ${hex(prod)} and ${consWord} ${hex(cons)}: ${grouped(usedBytes)} of ${grouped(sizeBytes)} bytes wait.`;
}

/** What can be said of the doorbell of whoever reads a direction. */
export function doorbellLine(direction: DirectionHistory, history: RingHistory): string {
  const { inside } = history;
  const isServer = direction.layout.consumer === 'server';
  const who = consumerOf(direction, history);
  if (!inside) return 'Whether it was notified cannot be seen from outside on this host.';
  if (isServer ? inside.pendingToServer : inside.pendingToGuest) {
    return `A notification is pending: ${who} was rung at and has not looked.`;
  }
  const told = isServer ? inside.toldServer : inside.toldGuest;
  if (told === undefined) return `Nobody is bound to the event channel on the side of ${who}.`;
  return `No notification is pending; ${who} has been told ${told} times so far.`;
}

/** What the server did about indices that cannot be, where its error word says so. */
export function givenUpLines({ page, states }: RingHistory): string[] {
  const error = states.error ?? 0;
  if (page.layout.kind !== 'xenstore' || error === 0) return [];
  return [
    `error is ${error}: ${page.layout.serverName} gave the connection up, and only a reconnect mends it.`,
  ];
}

/** Set anew within this time is worth a word: what is told of the time before counts from there. */
const resetShownMs = resetRememberedMs;

export function resetLines({ directions }: RingHistory, nowMs: number): string[] {
  return directions
    .filter(({ resetMs }) => resetMs !== undefined && nowMs - resetMs < resetShownMs)
    .map(({ layout }) => `The indices of ${layout.name} were set anew in the last ${howLong(resetShownMs)}.`);
}

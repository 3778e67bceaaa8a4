/** Closes our own backend of PV Calls, or leaves it open where guests would lose their sockets unasked. */
import type { Xenscope } from '../context';
import { say } from '../say';
import { interceptTexts as texts } from './interceptTexts';

/** What became of it, for the person. */
export async function closeServing({ connection }: Xenscope, host: string): Promise<string> {
  return texts.left(await connection.request('xenscope/servingClose', { host }));
}

/** Its panel was closed: that is soon done by mistake, and closing the backend ends all sockets of its guests. */
export async function leaveServing(xenscope: Xenscope, host: string, guests: number): Promise<void> {
  const label = xenscope.hosts.find(host)?.label ?? host;
  if (guests === 0) {
    await closeServing(xenscope, host);
    return say.briefly('debug-disconnect', texts.closedUnused(label), 10_000);
  }
  const pressed = await say.information(texts.staysOpen(label, guests), texts.closeNow);
  if (pressed === texts.closeNow) void say.information(await closeServing(xenscope, host));
}

/** What a console of a vchan is about, and how it is opened. */
import type { VchanSubject } from '../../webview/messages';
import type { Xenscope } from '../context';
import { atScreen } from '../openGuarded';
import { openPlan } from './openPlan';

export type { VchanSubject };

export interface Opened {
  readonly consoleId: number;
  /** What is said of it beforehand: a hover, and the head of a recording. */
  readonly lines: readonly string[];
  /** Of one that is watched, where that is known. */
  readonly client?: number;
}

/** Undefined: it was refused, and said so, or the person thought better of it. */
export async function openSubject(
  xenscope: Xenscope,
  host: string,
  subject: VchanSubject,
): Promise<Opened | undefined> {
  if (subject.kind === 'end') return openPlan(xenscope.connection, host, subject.plan, atScreen);
  const { ring } = subject;
  const { consoleId, watched } = await xenscope.connection.request('xenscope/vchanWatch', { host, ring });
  const { client, found } = watched;
  const lines = [`Watched, read only: the page was ${found}.`];
  return { consoleId, lines, ...(client !== undefined && { client }) };
}

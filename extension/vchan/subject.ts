/** What a console of a vchan is about, and how it is opened. */
import type { VchanPlan } from '../../server/rpc/api';
import type { Xenscope } from '../context';
import { ask, say } from '../say';

/** An end of our own; or one between others, by the name of its ring, which is only watched. */
export type VchanSubject =
  { readonly kind: 'end'; readonly plan: VchanPlan } | { readonly kind: 'watch'; readonly ring: string };

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
  if (subject.kind === 'end') return openPlan(xenscope, host, subject.plan);
  const { ring } = subject;
  const { consoleId, watched } = await xenscope.connection.request('xenscope/vchanWatch', { host, ring });
  const { client, found } = watched;
  const lines = [`Watched, read only: the page was ${found}.`];
  return { consoleId, lines, ...(client !== undefined && { client }) };
}

async function openPlan(xenscope: Xenscope, host: string, plan: VchanPlan): Promise<Opened | undefined> {
  const { connection } = xenscope;
  const { verdict, text, details } = await connection.request('xenscope/vchanPreview', { host, plan });
  const detail = details.join('\n\n');
  if (verdict === 'refuse') {
    await say.refusal(text, detail);
    return undefined;
  }
  const button = 'Open';
  if (verdict === 'confirm' && (await ask(text, detail, button)) !== button) return undefined;
  const { consoleId } = await connection.request('xenscope/vchanOpen', { host, plan, confirmed: true });
  return { consoleId, lines: [text, ...details] };
}

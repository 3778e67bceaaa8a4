/** Opens an end of a vchan once the person knows what that does, and agrees where the host asks. */
import type { VchanPlan } from '../../server/rpc/api';
import { failureOf } from '../errors';
import type { Server } from '../hosts';
import type { Opened } from './subject';

export interface Person {
  isRefused(text: string, detail: string): Promise<void>;
  /** Whether it is to be opened all the same. */
  agrees(text: string, detail: string): Promise<boolean>;
}

/** Undefined: it was refused, and the person was told, or thought better of it. */
export async function openPlan(
  server: Pick<Server, 'request'>,
  host: string,
  plan: VchanPlan,
  person: Person,
): Promise<Opened | undefined> {
  const { verdict, text, details, replaces } = await server.request('xenscope/vchanPreview', { host, plan });
  const detail = details.join('\n\n');
  if (verdict === 'refuse') {
    await person.isRefused(text, detail);
    return undefined;
  }
  const confirmed = verdict === 'confirm';
  if (confirmed && !(await person.agrees(text, detail))) return undefined;
  try {
    const agreed = replaces === undefined ? plan : { ...plan, replaces };
    const { consoleId } = await server.request('xenscope/vchanOpen', { host, plan: agreed, confirmed });
    return { consoleId, lines: [text, ...details] };
  } catch (error) {
    // Somebody came between the preview and this: what was no question is one now.
    if (!confirmed && failureOf(error).code === 'refused') return openPlan(server, host, plan, person);
    throw error;
  }
}

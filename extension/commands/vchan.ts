/** Opens one end of a vchan by hand, or listens to one between others. */
import type { Xenscope } from '../context';
import { failures } from '../errors';
import { openVchanPanel } from '../panels/vchan';
import { ringOwner } from '../rings/ringTexts';
import { settings } from '../settings';
import { pickPlan } from '../vchan/pickPlan';
import { withEngine } from '../vchan/plan';
import { ringIn } from './rings';
import { shownHost } from './target';

/** From the palette, or for the row of a domain or of a vchan's ring. */
export async function openVchan(xenscope: Xenscope, argument: unknown): Promise<void> {
  const row = (argument ?? {}) as { host?: string; domid?: number; ring?: string };
  const host = row.host ?? (await shownHost(xenscope)).id;
  const choices = await xenscope.connection.request('xenscope/vchanChoices', { host });
  const domid = row.domid ?? (row.ring === undefined ? undefined : ringOwner(row.ring));
  const around = {
    ...(domid !== undefined && { domid }),
    ...(row.ring !== undefined && { ring: row.ring }),
  };
  const plan = await pickPlan(xenscope, host, choices, around);
  if (plan === 'watch') await openVchanPanel(xenscope, host, { kind: 'watch', ring: row.ring! });
  else if (plan)
    await openVchanPanel(xenscope, host, { kind: 'end', plan: withEngine(plan, settings.vchanEngine()) });
}

/** For the row of a vchan's ring, or for one that the person picks. */
export async function watchVchan(xenscope: Xenscope, argument: unknown): Promise<void> {
  const target = await ringIn(xenscope, argument, 'vchan', failures.noVchans);
  if (target) await openVchanPanel(xenscope, target.host, { kind: 'watch', ring: target.ring });
}

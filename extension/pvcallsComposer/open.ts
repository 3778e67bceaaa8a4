/** Opens a command composer: what the guard says first, then a session of the server's. */
import type { ComposerPlan, ComposerPreview } from '../../server/rpc/api';
import type { Xenscope } from '../context';
import { openGuarded } from '../openGuarded';

export interface OpenedComposer {
  readonly composerId: number;
  /** What the guard said: a hover, and the head of a recording. */
  readonly lines: readonly string[];
}

/** Undefined: it was refused, and said so, or the person thought better of it. */
export async function openComposer(
  { connection }: Pick<Xenscope, 'connection'>,
  host: string,
  plan: ComposerPlan,
): Promise<OpenedComposer | undefined> {
  const result = await openGuarded({
    preview: async () => withChanges(await connection.request('xenscope/composerPreview', { host, plan })),
    open: (confirmed) => connection.request('xenscope/composerOpen', { host, plan, confirmed }),
  });
  return result && { composerId: result.opened.composerId, lines: result.lines };
}

/** A question names the nodes that are written. */
function withChanges(preview: ComposerPreview): ComposerPreview {
  if (preview.changes.length === 0) return preview;
  const nodes = preview.changes.map(({ path, to }) =>
    to === undefined ? `${path}, removed` : `${path} = ${to}`,
  );
  return { ...preview, details: [...preview.details, `Nodes that are written:\n${nodes.join('\n')}`] };
}

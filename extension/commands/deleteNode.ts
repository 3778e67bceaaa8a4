/** Delete: shows what goes, then removes the node with everything below it. */
import type { Xenscope } from '../context';
import { texts } from '../texts';
import { mustBeTarget } from './target';

export async function deleteNode(xenscope: Xenscope, argument: unknown): Promise<void> {
  const { host, path } = mustBeTarget(xenscope, argument);
  await xenscope.acts.perform(
    host,
    { kind: 'remove', path },
    { verb: texts.deleteQuestion, alwaysAsk: true, loud: true },
  );
}

/** Grants and event channels of a real Xen, as every host has them: with buffers over its memory, and without. */
import { describeHost } from '../../../support/hostSuite';
import { nativeAbilities, nativeHost } from '../../../support/nativeHost';

for (const views of [true, false]) {
  const name = `real Xen, ${views ? 'buffers over its memory' : 'copies of its memory'}`;
  describeHost(name, nativeAbilities({ views }), () => nativeHost({ views }));
}

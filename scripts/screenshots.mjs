// `npm run screenshots`: renews the pictures in docs/images from a real VS Code.
import { copyFileSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { ensureDebianPackages, needs } from './lib/debian.mjs';
import { endWithChildren } from './lib/processes.mjs';
import { main, say, step, Told } from './lib/progress.mjs';
import { root, setUp } from './lib/setup.mjs';
import { mochaStage } from './lib/stages.mjs';

/** What the tests call it, and where the documents look for it. */
const pictures = {
  'gallery-dark-tree.png': 'docs/images/xenstore-tree.png',
  'rings-full.png': 'docs/images/ring-panel.png',
  'device-panel-stuck-dark.png': 'docs/images/device-panel.png',
  'devices-problem-document.png': 'docs/images/device-problem.png',
  'vchan-console.png': 'docs/images/vchan-console.png',
  'pvcalls-panel-dark.png': 'docs/images/pvcalls-panel.png',
  'composer-http-light.png': 'docs/images/pvcalls-composer.png',
  'vchan-watched-light.png': 'docs/images/vchan-watched.png',
  'intercept-held-dark.png': 'docs/images/pvcalls-intercept.png',
};
const suites = [
  'gallery',
  'rings',
  'deviceActs',
  'deviceProblems',
  'vchanEcho',
  'pvcalls',
  'pvcallsComposer',
  'pvcallsIntercept',
].map((name) => `test/e2e/${name}.test.ts`);
const maxBytes = 250 * 1024;

endWithChildren();
await main(async () => {
  await setUp();
  const lacking = await ensureDebianPackages(needs.e2e);
  if (lacking) throw new Told(`The pictures are taken in Chromium: ${lacking}`);
  const limits = { timeoutMs: 600_000, testTimeoutMs: 120_000 };
  const { failures } = await step('Taking pictures', () => mochaStage('gallery', suites, limits));
  if (failures.length) throw new Told(failures.map(({ title, error }) => `${title}\n${error}`).join('\n'));
  for (const [from, to] of Object.entries(pictures)) {
    const source = path.join(root, 'test-artefacts', from);
    const { size } = statSync(source);
    if (size > maxBytes)
      throw new Told(`${from} has ${size} bytes, more than ${maxBytes}: take a smaller window.`);
    mkdirSync(path.dirname(path.join(root, to)), { recursive: true });
    copyFileSync(source, path.join(root, to));
    say(`${to}: ${Math.round(size / 1024)} KiB`);
  }
});

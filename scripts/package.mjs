// `npm run package`: the .vsix for this platform, checked.
import { statSync } from 'node:fs';
import { endWithChildren } from './lib/processes.mjs';
import { main, say } from './lib/progress.mjs';
import { setUp } from './lib/setup.mjs';
import { judgeVsix, makeVsix, zipEntries } from './lib/vsix.mjs';

endWithChildren();
await main(async () => {
  await setUp();
  const file = await makeVsix();
  for (const { name, packedBytes } of zipEntries(file)) say(`${String(packedBytes).padStart(9)}  ${name}`);
  say(`${file}: ${Math.round(statSync(file).size / 1024)} KiB`);
  const broken = judgeVsix(file).filter(({ wrong }) => wrong);
  for (const { title, wrong } of broken) say(`The package no longer ${title}: ${wrong}`);
  return broken.length ? 1 : 0;
});

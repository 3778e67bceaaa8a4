/** Pictures that the tests leave behind, in test-artefacts/ (not in git). */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';

export const root = path.resolve(__dirname, '../..');
const folder = path.join(root, 'test-artefacts');

export async function picture(page: Page, name: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${name.replace(/[^\w.-]+/g, '-')}.png`);
  await page.screenshot({ path: file, animations: 'disabled', caret: 'hide' });
  return file;
}

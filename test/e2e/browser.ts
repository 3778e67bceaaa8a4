/** A headless Chromium that reaches one VS Code on loopback and nothing else. */
import { chromium, type BrowserContext, type Page } from 'playwright-core';

import { patienceMs } from './eventually';

const executable = '/usr/bin/chromium';
const flags = [
  '--no-sandbox', // The tests may run as root; nothing but our own pages is opened.
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

export interface Browser {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What pages tried to reach elsewhere, and could not. */
  readonly blocked: readonly string[];
  /** Uncaught errors of the page's own scripts. */
  readonly pageErrors: readonly string[];
  close(): Promise<void>;
}

export async function openBrowser(origin: string, profileFolder: string): Promise<Browser> {
  const context = await chromium.launchPersistentContext(profileFolder, {
    executablePath: executable,
    headless: true,
    viewport: { width: 1280, height: 1000 },
    args: flags,
  });
  context.setDefaultTimeout(patienceMs);
  const blocked: string[] = [];
  const pageErrors: string[] = [];
  const isForeign = (url: URL) => url.origin !== origin && !['data:', 'blob:'].includes(url.protocol);
  await context.route(isForeign, (route) => {
    blocked.push(route.request().url());
    return route.abort();
  });
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin });
  const page = context.pages()[0] ?? (await context.newPage());
  page.on('pageerror', (error) => pageErrors.push(error.message));
  return { page, context, blocked, pageErrors, close: () => context.close() };
}

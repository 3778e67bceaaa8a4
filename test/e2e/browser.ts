/**
 * Windows of a headless Chromium, each of which reaches one VS Code on loopback and nothing else. All of a process are
 * of one Chromium, which takes long to start; none finds anything that another one stored.
 */
import { chromium, type Browser as Chromium, type BrowserContext, type Page } from 'playwright-core';

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

const launch = () => chromium.launch({ executablePath: executable, headless: true, args: flags });
let shared: Promise<Chromium> | undefined;

/** Started when it is first asked for, and anew where it has ended. */
function startChromium(): Promise<Chromium> {
  shared = shared ? shared.then((running) => (running.isConnected() ? running : launch()), launch) : launch();
  return shared;
}

/** After the last test of all; who has no mocha calls it. */
export async function endChromium(): Promise<void> {
  const running = await shared?.catch(() => undefined);
  await running?.close();
}
if ('after' in globalThis) after(endChromium);

export async function openBrowser(origin: string): Promise<Browser> {
  const running = await startChromium();
  const context = await running.newContext({ viewport: { width: 1280, height: 1000 } });
  context.setDefaultTimeout(patienceMs);
  const blocked: string[] = [];
  const pageErrors: string[] = [];
  const isForeign = (url: URL) => url.origin !== origin && !['data:', 'blob:'].includes(url.protocol);
  await context.route(isForeign, (route) => {
    blocked.push(route.request().url());
    return route.abort();
  });
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin });
  const page = await context.newPage();
  page.on('pageerror', (error) => pageErrors.push(error.message));
  return { page, context, blocked, pageErrors, close: () => context.close() };
}

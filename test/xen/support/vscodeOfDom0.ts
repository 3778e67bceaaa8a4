/** The real VS Code, and in it the Xen whose dom0 is emulated as that of its own machine. */
import { existsSync } from 'node:fs';
import type { Gate } from '../../../scripts/lib/xen/gate.mjs';
import { startEditor } from '../../e2e/host';
import { Xenscope } from '../../e2e/xenscope';
import { serveInDom0 } from './outside';

/** Slow enough for an emulated host that others keep busy. */
export const patienceMs = 60_000;

export interface VsCodeOfDom0 {
  readonly xenscope: Xenscope;
  /** Opens the views, and shows that Xen in them. */
  showHost(): Promise<void>;
  /** What went wrong in the pages so far. */
  pageErrors(): readonly unknown[];
  end(): Promise<void>;
}

/** First of all: it skips what cannot be shown here. With CI=true nothing may be skipped, and it fails later. */
export function needsBrowser(suite: Mocha.Context): void {
  if (!existsSync('/usr/bin/chromium') && process.env['CI'] !== 'true') suite.skip();
}

export async function openVsCodeOfDom0(gate: Gate, heightPixels: number): Promise<VsCodeOfDom0> {
  const socket = await serveInDom0(gate);
  const settings = {
    'xenscope.simulator.autoconnect': false,
    'xenscope.realHost.serverSocket': socket.path,
  };
  const editor = await startEditor({ settings }).catch(async (error: unknown) => {
    await socket.end();
    throw error;
  });
  const xenscope = new Xenscope(editor);
  xenscope.page.setDefaultTimeout(patienceMs);
  await xenscope.page.setViewportSize({ width: 1500, height: heightPixels });
  return {
    xenscope,
    async showHost() {
      await xenscope.workbench.openContainer('Xenscope');
      await xenscope.workbench.widenSideBar(430);
      const host = xenscope.hosts.row('This machine’s Xen');
      await xenscope.description(host).filter({ hasText: 'as root' }).waitFor();
      await xenscope.hosts.choose(host, 'Show Host');
      await xenscope.description(host).filter({ hasText: 'connected' }).waitFor();
    },
    pageErrors: () => editor.browser.pageErrors,
    async end() {
      await editor.stop();
      await socket.end();
    },
  };
}

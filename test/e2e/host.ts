/** One real VS Code with the packaged extension, in a browser of its own, for the tests of one file. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { installVsix, startVscode, type RunningVscode } from '../../scripts/lib/vscodeServer.mjs';
import { makeVsix } from '../../scripts/lib/vsix.mjs';
import { picture, root } from './artefacts';
import { openBrowser, type Browser } from './browser';
import { testTimeoutMs } from './eventually';
import { Workbench } from './workbench';

export interface EditorOptions {
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Files of the workspace, by name. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface Editor {
  readonly vscode: RunningVscode;
  readonly browser: Browser;
  readonly workbench: Workbench;
  /** The opened folder. */
  readonly workspace: string;
  stop(): Promise<void>;
}

const testSettings = {
  'window.commandCenter': false,
  'editor.accessibilitySupport': 'off',
  'workbench.colorTheme': 'Default Dark Modern',
  // Where the machine is busy, a page that gets the focus back late takes it from what a command has just asked.
  'workbench.quickOpen.closeOnFocusLost': false,
};

/** A folder with the extension, packed and installed once per run of the tests, from dist/ as the orchestrator built it. */
let installed: Promise<string> | undefined;
function installedExtension(): Promise<string> {
  installed ??= (async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'xenscope-e2e-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    process.chdir(root);
    const extensions = path.join(folder, 'extensions');
    await installVsix(await makeVsix(folder), extensions);
    return extensions;
  })();
  return installed;
}

export async function startEditor({ settings = {}, files = {} }: EditorOptions = {}): Promise<Editor> {
  const workspace = mkdtempSync(path.join(tmpdir(), 'xenscope-workspace-'));
  const ends: (() => Promise<void>)[] = [];
  const stop = async () => {
    await Promise.all(ends.splice(0).map((end) => end()));
    rmSync(workspace, { recursive: true, force: true });
  };
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(workspace, name)), { recursive: true });
      writeFileSync(path.join(workspace, name), text);
    }
    const vscode = await startVscode({
      installed: await installedExtension(),
      workspace,
      settings: { ...testSettings, ...settings },
    });
    ends.push(() => vscode.stop());
    const browser = await openBrowser(vscode.origin);
    ends.push(() => browser.close());
    await browser.page.goto(vscode.url());
    const workbench = new Workbench(browser.page);
    await workbench.ready();
    return { vscode, browser, workbench, workspace, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Starts an editor before the tests of a suite and stops it after them. A failing test leaves a picture, and what it
 * left open or held would be in the way of its second try, and of the tests after it.
 */
export function useEditor(options: EditorOptions = {}): () => Editor {
  let editor: Editor | undefined;
  before(async function () {
    this.timeout(testTimeoutMs);
    editor = await startEditor(options);
  });
  afterEach(async function () {
    this.timeout(testTimeoutMs);
    const { currentTest } = this;
    // A test that is tried again has no state.
    if (!editor || currentTest?.state === 'passed' || currentTest?.state === 'pending') return;
    // A hook that fails would end the suite.
    await picture(editor.browser.page, `failed-${currentTest?.fullTitle()}`).catch(console.error);
    await tidyUp(editor.workbench).catch(console.error);
  });
  after(async function () {
    this.timeout(testTimeoutMs);
    // How it ended, also when a hook failed before the first test.
    if (editor) await picture(editor.browser.page, `last-${this.test?.parent?.title}`).catch(console.error);
    await editor?.stop();
  });
  return () => {
    if (!editor) throw new Error('The editor has not been started');
    return editor;
  };
}

async function tidyUp(workbench: Workbench): Promise<void> {
  await workbench.clear();
  const held = workbench.statusItem(/^\s*held/);
  if (!(await held.isVisible())) return;
  await held.click();
  await held.waitFor({ state: 'hidden' });
}

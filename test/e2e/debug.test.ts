/** The protocol debugger in VS Code: F5, a breakpoint on an operation, its stack and its variables. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { picture } from './artefacts';
import { eventually, stepTimeoutMs, testTimeoutMs } from './eventually';
import { useEditor } from './host';
import { installedServer, serverPid } from './serverProcess';

const configuration = {
  type: 'xenscope',
  request: 'launch',
  name: 'The simulator',
  host: 'simulator',
  seed: 1,
  pace: 5,
};

/** An adapter and a world begin meanwhile. */
const startTimeoutMs = 120_000;

describe('the protocol debugger in VS Code', function () {
  this.timeout(testTimeoutMs);
  const editor = useEditor({
    files: { '.vscode/launch.json': JSON.stringify({ version: '0.2.0', configurations: [configuration] }) },
    settings: { 'debug.toolBarLocation': 'docked', 'debug.onTaskErrors': 'abort' },
  });
  const page = () => editor().browser.page;
  const pane = (title: string) => editor().workbench.pane(title);
  const row = (title: string, text: RegExp) =>
    pane(title).locator('.monaco-list-row').filter({ hasText: text }).first();

  before(async () => {
    const { workbench } = editor();
    await workbench.command('View: Show Run and Debug');
    await workbench.widenSideBar(620);
    // Its pane takes the room that the call stack needs.
    await workbench.setOpen('Watch', false);
  });

  it('stops where a function breakpoint says, and shows the message layer by layer', async () => {
    const name = pane('Breakpoints').locator('input:not([type=checkbox])');
    await eventually('the breakpoint is set', async () => {
      if (await row('Breakpoints', /XS_WRITE/).isVisible()) return true;
      await editor().workbench.command('Add Function Breakpoint');
      await name.fill('XS_WRITE path=**/data/**', { timeout: stepTimeoutMs });
      await name.press('Enter', { timeout: stepTimeoutMs });
      await row('Breakpoints', /XS_WRITE/).waitFor({ timeout: stepTimeoutMs });
      return true;
    });
    await page().keyboard.press('F5');

    await row('Call Stack', /XS_WRITE .*data\//).waitFor({ timeout: startTimeoutMs });
    await row('Call Stack', /packet: type 11/).waitFor();
    // What only carries the message is folded away at first.
    await row('Call Stack', /Show 2 More/).click();
    await row('Call Stack', /ring bytes: req 0x/).waitFor();
    await row('Call Stack', /held after XS_WRITE/).waitFor();
    await row('Variables', /^operation/).waitFor();
    await row('Variables', /^operation/)
      .filter({ hasText: 'XS_WRITE' })
      .waitFor();
    // The line of the listing is shown, and marked as the place where the world stands.
    await page()
      .locator('.editor-instance .debug-top-stack-frame-line')
      .first()
      .waitFor({ state: 'attached' });
    await picture(page(), 'debug-breakpoint');
  });

  it('steps to the reply, and answers what lies in the store', async () => {
    await page().keyboard.press('F10');
    await row('Call Stack', /^OK to #\d+/).waitFor();
    await editor().workbench.command('Debug Console: Focus on Debug Console View');
    await page().keyboard.type('/local/domain/0/name');
    await page().keyboard.press('Escape');
    await page().keyboard.press('Enter');
    const answer = page().locator('.repl .evaluation-result').filter({ hasText: '"Domain-0"' });
    await answer.first().waitFor();
    await picture(page(), 'debug-step');
  });

  it('ends, and leaves no process behind', async () => {
    const script = installedServer(editor().vscode.extensions);
    assert.notEqual(serverPid(script, 'adapter'), undefined);
    await page().keyboard.press('Shift+F5');
    await eventually('the adapter has ended', () => serverPid(script, 'adapter') === undefined);
  });

  it('begins with F5 alone, without a launch.json', async () => {
    rmSync(path.join(editor().workspace, '.vscode'), { recursive: true });
    const { workbench } = editor();
    // With a document open VS Code would look for something that debugs its language.
    await workbench.command('View: Close All Editors');
    await pane('Run').getByRole('button', { name: 'Run and Debug' }).waitFor();
    await page().keyboard.press('F5');
    await workbench.quickPick(/^Xenscope/).click();
    await picture(page(), 'debug-choose');
    await row('Call Stack', /XS_WRITE .*data\//).waitFor({ timeout: startTimeoutMs });
    await page().keyboard.press('Shift+F5');
  });
});

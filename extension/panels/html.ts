/** Panels with our pages: nothing but our own script and styles may load in one, each with that page's nonce. */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

export interface PageOptions {
  /** Of the tab. */
  readonly title: string;
  /** What was drawn and typed stays while another tab covers it. */
  readonly staysWhenHidden: boolean;
}

export type PageName =
  'device' | 'permissions' | 'pvcalls' | 'pvcallsComposer' | 'pvcallsIntercept' | 'ring' | 'vchan';

/** A panel with the page of this name. What the page says is heard by whoever listens in the same turn. */
export function openPage(
  { extensionUri }: vscode.ExtensionContext,
  name: PageName,
  { title, staysWhenHidden }: PageOptions,
): vscode.WebviewPanel {
  const panel = vscode.window.createWebviewPanel(`xenscope.${name}`, title, vscode.ViewColumn.Active, {
    ...webviewOptions(extensionUri),
    retainContextWhenHidden: staysWhenHidden,
  });
  panel.webview.html = pageOf(panel.webview, extensionUri, name);
  return panel;
}

/** A panel that VS Code brought back when the window was loaded anew: its page is loaded into it once more. */
export function fillPage(
  panel: vscode.WebviewPanel,
  { extensionUri }: vscode.ExtensionContext,
  name: PageName,
): void {
  panel.webview.options = webviewOptions(extensionUri);
  panel.webview.html = pageOf(panel.webview, extensionUri, name);
}

function webviewOptions(extensionUri: vscode.Uri): vscode.WebviewOptions {
  return { enableScripts: true, localResourceRoots: [vscode.Uri.joinPath(extensionUri, 'dist')] };
}

function pageOf(webview: vscode.Webview, extensionUri: vscode.Uri, name: string): string {
  const nonce = randomBytes(16).toString('base64url');
  const file = (path: string) =>
    webview.asWebviewUri(vscode.Uri.joinPath(extensionUri, 'dist', path)).toString();
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource} 'nonce-${nonce}'`,
    `font-src ${webview.cspSource}`,
  ].join('; ');
  // The toolkit reads its nonce from the csp-nonce property.
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${policy}">
    <meta property="csp-nonce" content="${nonce}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${name[0]!.toUpperCase()}${name.slice(1)}</title>
    <link rel="stylesheet" href="${file('codicon.css')}">
    <link rel="stylesheet" href="${file(`webview/${name}.css`)}">
  </head>
  <body>
    <main id="root"></main>
    <script nonce="${nonce}" src="${file(`webview/${name}.js`)}"></script>
  </body>
</html>`;
}

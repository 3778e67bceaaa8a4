/** The page of a webview: nothing but our own script and styles may load, each with this page's nonce. */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

export function webviewPage(
  webview: vscode.Webview,
  extensionUri: vscode.Uri,
  name: string,
  title: string,
): string {
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
    <title>${title}</title>
    <link rel="stylesheet" href="${file('codicon.css')}">
    <link rel="stylesheet" href="${file(`webview/${name}.css`)}">
  </head>
  <body>
    <main id="root"></main>
    <script nonce="${nonce}" src="${file(`webview/${name}.js`)}"></script>
  </body>
</html>`;
}

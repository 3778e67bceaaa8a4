// VS Code in the browser with Xenscope in it, for a person: the address is told, and Ctrl-C ends it.
import http from 'node:http';
import { say, Told } from './progress.mjs';
import { portIsTaken, startVscode } from './vscodeServer.mjs';
import { currentVsix } from './vsix.mjs';

/** `--port` as the number that it must be; undefined when it was not given. */
export function portOption(text) {
  const port = text === undefined ? undefined : Number(text);
  if (port === undefined || (Number.isInteger(port) && port > 0 && port < 65_536)) return port;
  throw new Error(`--port must be a number from 1 to 65535, not ${text}`);
}

function answers(url, cookie) {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { headers: cookie ? { cookie } : {} }, (response) => {
      response.resume();
      const { statusCode, headers } = response;
      if (statusCode === 302 && !cookie) {
        const next = new URL(headers.location, url);
        resolve(answers(next, headers['set-cookie']?.[0].split(';')[0] ?? 'none'));
      } else if (statusCode === 200) resolve();
      else reject(new Told(`${url} answers with status ${statusCode}`));
    });
    request.once('error', reject);
  });
}

/**
 * Opens it and stays until it ends, or only until the page answers (`check`). `ended` is something else
 * that must not end before: it rejects if it does.
 */
export async function openBrowserEditor({ workspace, settings = {}, port, check, ended }) {
  ended?.catch(() => undefined); // It is waited for below, or it does not matter.
  if (port !== undefined && (await portIsTaken(port))) {
    throw new Told(`Port ${port} is in use: choose another with --port, or leave it out.`);
  }
  const vscode = await startVscode({
    vsix: [await currentVsix()],
    workspace,
    port,
    settings: { 'workbench.startupEditor': 'readme', ...settings },
  });
  try {
    await answers(vscode.url());
    say(`\nXenscope is running in VS Code ${vscode.version}. Open this address in a browser:\n`);
    say(`    ${vscode.url()}\n`);
    if (check) return;
    say('It answers on this machine only. End it with Ctrl-C.');
    const status = await (ended ? Promise.race([vscode.exited, ended]) : vscode.exited);
    throw new Told(`VS Code ended by itself with status ${status}:\n${vscode.log().slice(-4000)}`);
  } finally {
    await vscode.stop();
  }
}

/** Finds the server that the extension of one VS Code started, among the processes of this machine. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The installed extension's server script. */
export function installedServer(extensionsFolder: string): string {
  const name = readdirSync(extensionsFolder).find((entry) => entry.startsWith('xenscope.xenscope-'));
  if (!name) throw new Error(`The extension is not installed in ${extensionsFolder}`);
  return path.join(extensionsFolder, name, 'dist', 'server.cjs');
}

/** The process id of `<script> editor`, if it runs. */
export function editorServerPid(script: string): number | undefined {
  return serverPid(script, 'editor');
}

/** The process id of `<script> <verb>`, if it runs. */
export function serverPid(script: string, verb: string): number | undefined {
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const words = readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0');
      if (words.includes(script) && words.includes(verb)) return Number(entry);
    } catch {
      // It ended while we looked.
    }
  }
  return undefined;
}

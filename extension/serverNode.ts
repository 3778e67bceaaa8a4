/**
 * Which Node runs the server: the one from the settings, else `node` on PATH, else the editor's
 * own runtime. A plain Node is preferred, because the editor's forbids what real hosts need.
 */
import { execFile } from 'node:child_process';

export interface ServerNode {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  /** For the log: which one, and why. */
  readonly why: string;
  /** The setting names something that cannot be used: one sentence. */
  readonly problem?: string;
}

const nodeFloor = [20, 19] as const;
const versionTimeoutMs = 4000;

/** The version that a command answers with, or undefined when it is no Node. */
export type AskVersion = (command: string) => Promise<string | undefined>;

export const askVersion: AskVersion = (command) =>
  new Promise<string | undefined>((resolve, reject) => {
    execFile(command, ['--version'], { timeout: versionTimeoutMs, windowsHide: true }, (error, stdout) =>
      error ? reject(error) : resolve(stdout.trim()),
    );
    // A command that cannot even be tried, e.g. with a NUL in it, throws: that is no Node either.
  }).catch(() => undefined);

export function isRecentEnough(version: string): boolean {
  const match = /^v(\d+)\.(\d+)\./.exec(version);
  if (!match) return false;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major > nodeFloor[0] || (major === nodeFloor[0] && minor >= nodeFloor[1]);
}

const wanted = `Node ${nodeFloor.join('.')} or newer`;

export async function chooseServerNode(
  fromSettings: string,
  editorRuntime: string,
  ask: AskVersion = askVersion,
): Promise<ServerNode> {
  let problem: string | undefined;
  if (fromSettings !== '') {
    const version = await ask(fromSettings);
    if (version !== undefined && isRecentEnough(version)) {
      return {
        command: fromSettings,
        env: {},
        why: `${fromSettings} (${version}), from the setting xenscope.server.node`,
      };
    }
    problem =
      version === undefined
        ? `The setting “xenscope.server.node” names ${fromSettings}, which cannot be run as Node.`
        : `The setting “xenscope.server.node” names ${fromSettings}, which answers “${version.slice(0, 40)}”; ${wanted} is needed.`;
  }
  const onPath = await ask('node');
  if (onPath !== undefined && isRecentEnough(onPath)) {
    return { command: 'node', env: {}, why: `node on PATH (${onPath})`, problem };
  }
  const why =
    onPath === undefined
      ? 'there is no node on PATH'
      : `node on PATH is ${onPath.slice(0, 40)}, not ${wanted}`;
  return {
    command: editorRuntime,
    env: { ELECTRON_RUN_AS_NODE: '1' },
    why: `the editor's own runtime ${editorRuntime}, because ${why}`,
    problem,
  };
}

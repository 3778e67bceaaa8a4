/**
 * The debug type `xenscope`: which configurations there are, and how VS Code starts the adapter. The
 * adapter is a process of its own for each session, run by the same Node as the server.
 */
import { homedir } from 'node:os';
import * as vscode from 'vscode';
import type { Logs } from '../launchServer';
import { chooseServerNode } from '../serverNode';
import { settings } from '../settings';
import { debugType, resolveConfiguration, simulatorConfiguration } from './configurations';

export function registerDebugger(serverScript: string, logs: Logs): vscode.Disposable[] {
  const defaults = () => ({
    seed: settings.seed(),
    pace: settings.pace(),
    ringFeatures: settings.ringFeatures(),
  });
  const provider: vscode.DebugConfigurationProvider = {
    provideDebugConfigurations: () => [simulatorConfiguration(defaults())],
    resolveDebugConfiguration: (_folder, configuration) => resolveConfiguration(configuration, defaults()),
  };
  // The first launch.json of a folder comes from package.json; these are offered without one.
  const { Dynamic } = vscode.DebugConfigurationProviderTriggerKind;
  return [
    vscode.debug.registerDebugConfigurationProvider(debugType, provider, Dynamic),
    vscode.debug.registerDebugAdapterDescriptorFactory(debugType, {
      createDebugAdapterDescriptor: () => adapterProcess(serverScript, logs),
    }),
  ];
}

async function adapterProcess(serverScript: string, logs: Logs): Promise<vscode.DebugAdapterExecutable> {
  const node = await chooseServerNode(settings.serverNode(), process.execPath);
  logs.extension.info(`A debug session runs on ${node.why}.`);
  if (node.problem !== undefined) logs.extension.warn(node.problem);
  return new vscode.DebugAdapterExecutable(node.command, [serverScript, 'adapter'], {
    cwd: homedir(),
    env: { ...node.env },
  });
}

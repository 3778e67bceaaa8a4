/** Every command, by the name that package.json contributes. */
import * as vscode from 'vscode';
import type { Xenscope } from '../context';
import { failureOf } from '../errors';
import { say } from '../say';
import { undoTargetIn } from '../undoStack';
import { copyPath, copySubtree, copyValue } from './copy';
import { createChild } from './createChild';
import { deleteNode } from './deleteNode';
import { cleanUpDomain, deviceAct, deviceActCommand, moveDevice, openDevice } from './deviceActs';
import { editValue, openValue } from './editValue';
import { find } from './find';
import { followLink, goToPath, reveal } from './goToPath';
import {
  addSocket,
  connect,
  copyRootCommand,
  copySocket,
  disconnect,
  removeSocket,
  setPace,
  showHost,
} from './hosts';
import { showDevice } from './devices';
import { saveJournal } from './journal';
import { menu } from './menu';
import { editPermissions } from './permissions';
import { composePvCalls, connectPvCalls, listenPvCalls } from './pvcallsComposer';
import { interceptPvCalls } from './pvcallsIntercept';
import { openPvCalls, showPvCalls } from './pvcalls';
import { openRing, reconnectRing } from './rings';
import { openVchan, watchVchan } from './vchan';
import { addWatch, stopAllWatches, stopWatch, watchPath } from './watch';
import {
  clearFaults,
  domainAct,
  domainActCommand,
  hold,
  resumeWorld,
  setFault,
  setFaultOfDomain,
  stepWorld,
} from './world';

type Command = (xenscope: Xenscope, argument: unknown) => unknown;

const commands: Record<string, Command> = {
  'xenscope.menu': menu,
  'xenscope.host.connect': connect,
  'xenscope.host.retry': connect,
  'xenscope.host.disconnect': disconnect,
  'xenscope.host.show': showHost,
  'xenscope.host.setPace': setPace,
  'xenscope.host.copySocket': copySocket,
  'xenscope.host.copyRootCommand': copyRootCommand,
  'xenscope.host.add': addSocket,
  'xenscope.host.remove': removeSocket,
  'xenscope.host.saveJournal': saveJournal,

  'xenscope.find': find,
  'xenscope.goToPath': goToPath,
  'xenscope.reveal': reveal,
  'xenscope.refresh': (xenscope) => xenscope.xenstoreView.refresh(),
  'xenscope.undo': ({ acts, hosts }, argument) => {
    const target = undoTargetIn(argument);
    return target ? acts.undo(target) : acts.undoLast(hosts.currentId);
  },

  'xenscope.node.create': createChild,
  'xenscope.node.edit': editValue,
  'xenscope.node.openText': (xenscope, argument) => openValue(xenscope, argument, 'value'),
  'xenscope.node.openHex': (xenscope, argument) => openValue(xenscope, argument, 'hex'),
  'xenscope.node.delete': deleteNode,
  'xenscope.node.permissions': editPermissions,
  'xenscope.node.watch': watchPath,
  'xenscope.node.follow': followLink,
  'xenscope.node.copyPath': copyPath,
  'xenscope.node.copyValue': copyValue,
  'xenscope.node.copyText': (xenscope, argument) => copySubtree(xenscope, argument, 'text'),
  'xenscope.node.copyJson': (xenscope, argument) => copySubtree(xenscope, argument, 'json'),
  'xenscope.node.showMore': (xenscope, argument) => {
    const parent = (argument as { parent?: Parameters<typeof xenscope.xenstoreView.showMore>[0] } | undefined)
      ?.parent;
    if (parent) xenscope.xenstoreView.showMore(parent);
  },

  'xenscope.watch.add': addWatch,
  'xenscope.watch.stop': stopWatch,
  'xenscope.watch.stopAll': stopAllWatches,
  'xenscope.watch.showLog': (xenscope) => xenscope.watchesView.showLog(),

  'xenscope.ring.open': openRing,
  'xenscope.ring.openSelected': async (xenscope) => openRing(xenscope, await xenscope.ringsView.clicked()),
  'xenscope.ring.reconnect': reconnectRing,
  'xenscope.device.show': showDevice,
  'xenscope.vchan.open': openVchan,
  'xenscope.vchan.watch': watchVchan,
  'xenscope.pvcalls.intercept': interceptPvCalls,
  'xenscope.pvcalls.compose': composePvCalls,
  'xenscope.pvcalls.connect': connectPvCalls,
  'xenscope.pvcalls.listen': listenPvCalls,

  'xenscope.pvcalls.open': openPvCalls,
  'xenscope.pvcalls.show': showPvCalls,

  'xenscope.device.open': openDevice,
  'xenscope.device.act': deviceAct,
  'xenscope.device.reconnect': deviceActCommand('reconnect'),
  'xenscope.device.offline': deviceActCommand('offline'),
  'xenscope.device.online': deviceActCommand('online'),
  'xenscope.device.move': moveDevice,
  'xenscope.device.forceClose': deviceActCommand('forceClose'),
  'xenscope.device.cleanUp': deviceActCommand('cleanUp'),
  'xenscope.device.cleanUpDomain': cleanUpDomain,

  'xenscope.world.hold': hold,
  'xenscope.world.step': stepWorld,
  'xenscope.world.resume': resumeWorld,
  'xenscope.world.setFault': setFault,
  'xenscope.world.clearFaults': clearFaults,
  'xenscope.domain.act': domainAct,
  'xenscope.domain.setFault': setFaultOfDomain,
  'xenscope.domain.start': domainActCommand('start'),
  'xenscope.domain.shutdown': domainActCommand('shutdown'),
  'xenscope.domain.destroy': domainActCommand('destroy'),
  'xenscope.domain.crash': domainActCommand('crash'),
  'xenscope.domain.kexec': domainActCommand('kexec'),
  'xenscope.domain.suspend': domainActCommand('suspend'),
  'xenscope.domain.resume': domainActCommand('resume'),
  'xenscope.domain.pause': domainActCommand('pause'),
  'xenscope.domain.unpause': domainActCommand('unpause'),

  'xenscope.server.restart': (xenscope) => xenscope.connection.restart(),
  'xenscope.log.show': (xenscope) => xenscope.logs.extension.show(),
  'xenscope.log.showServer': (xenscope) => xenscope.logs.server.show(),
};

export function registerCommands(xenscope: Xenscope): vscode.Disposable[] {
  return Object.entries(commands).map(([name, run]) =>
    vscode.commands.registerCommand(name, async (argument: unknown) => {
      try {
        await run(xenscope, argument);
      } catch (error) {
        await showFailure(xenscope, error);
      }
    }),
  );
}

async function showFailure(xenscope: Xenscope, error: unknown): Promise<void> {
  const failure = failureOf(error);
  if (failure.code === 'cancelled') return;
  xenscope.logs.extension.warn(failure.text);
  if (failure.code === 'internal' && error instanceof Error) xenscope.logs.extension.error(error);
  const restart = 'Restart Server';
  const actions = failure.code === 'server' ? [restart] : [];
  void say.error(failure.text, ...actions).then((answer) => {
    if (answer === restart) void vscode.commands.executeCommand('xenscope.server.restart');
  });
}

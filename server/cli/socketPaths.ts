/** Where a xenstored of this machine listens, unless a person names a socket. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { xenbusDevices } from '../store/client/deviceDial';

export const usualSockets = ['/run/xenstored/socket', '/var/run/xenstored/socket'] as const;
/** By these a person names another one, as for libxenstore. */
export const socketVariables = ['XENSTORED_PATH', 'XENSTORED_RUNDIR'] as const;

/** In the order in which they are tried; the environment comes first, as in libxenstore. */
export function localSocketPaths(env: NodeJS.ProcessEnv = process.env): string[] {
  return [...namedByEnvironment(env), ...usualSockets];
}

/** The one to dial. What the environment names is taken at its word. */
export function findSocket(named?: string, env: NodeJS.ProcessEnv = process.env): string {
  const [first] = namedByEnvironment(env);
  return named || first || (usualSockets.find((socket) => existsSync(socket)) ?? usualSockets[0]);
}

/** As `findSocket`; where nobody names one and none is there, the kernel's device, which is what a guest of a real Xen has. */
export function findStore(
  named?: string,
  env: NodeJS.ProcessEnv = process.env,
  devices: readonly string[] = xenbusDevices,
): string {
  const socket = findSocket(named, env);
  const isNamed = Boolean(named) || namedByEnvironment(env).length > 0;
  if (isNamed || existsSync(socket)) return socket;
  return devices.find((device) => existsSync(device)) ?? socket;
}

function namedByEnvironment({
  XENSTORED_PATH: socket,
  XENSTORED_RUNDIR: folder,
}: NodeJS.ProcessEnv): string[] {
  const paths: string[] = [];
  if (socket) paths.push(socket);
  if (folder) paths.push(path.join(folder, 'socket'));
  return paths;
}

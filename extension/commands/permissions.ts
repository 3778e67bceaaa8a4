/** Opens the permissions of a node. */
import type { Xenscope } from '../context';
import { PermissionsPanel } from '../panels/permissions';
import { mustBeTarget } from './target';

export function editPermissions(xenscope: Xenscope, argument: unknown): void {
  const { host, path } = mustBeTarget(xenscope, argument);
  PermissionsPanel.open(xenscope, host, path);
}

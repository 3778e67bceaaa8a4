/** Access lists after a domain is gone. */
import type { PermList } from '../permissions/permList';
import { mentionBit } from '../permissions/permList';
import { StoreNode } from './storeTree';

/**
 * The tree without the access entries of a domain that is gone, so that a later domain of the same
 * number does not inherit them. Nodes that had some get `generation`: a transaction that holds one
 * of them must not bring the entries back, and each is told. Subtrees that cannot mention the domain
 * are not entered.
 */
export function withoutDomain(
  root: StoreNode,
  domid: number,
  generation: number,
  onChange: (old: StoreNode, next: StoreNode) => void = () => undefined,
): StoreNode {
  // Remembers each list's outcome, so that what was shared stays shared.
  const known = new Map<PermList, PermList>();
  const bit = mentionBit(domid);
  const rid = (node: StoreNode): StoreNode => {
    if ((node.mentions & bit) === 0) return node;
    let perms = known.get(node.perms);
    if (!perms) known.set(node.perms, (perms = node.perms.without(domid)));
    let { children } = node;
    if ((children.totals.mentions & bit) !== 0) {
      for (const name of children.names()) {
        const child = node.children.get(name)!;
        const changed = rid(child);
        if (changed !== child) children = children.set(name, changed);
      }
    }
    if (perms !== node.perms) {
      const next = new StoreNode(node.value, perms, children, generation);
      onChange(node, next);
      return next;
    }
    if (children === node.children) return node;
    return new StoreNode(node.value, perms, children, node.generation);
  };
  return rid(root);
}

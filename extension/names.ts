/** Paths and names of nodes, as far as the editor must judge them before it asks the server. */

const namePattern = /^[A-Za-z0-9\-_@]+$/;
const maxPathBytes = 2048;
const domainPrefixPattern = /^\/local\/domain\/[0-9]{1,5}\//;

export function isNodePath(path: string): boolean {
  if (path === '/') return true;
  return (
    path.startsWith('/') &&
    path
      .slice(1)
      .split('/')
      .every((name) => namePattern.test(name))
  );
}

export function childPath(parent: string, name: string): string {
  return parent === '/' ? `/${name}` : `${parent}/${name}`;
}

/** Undefined for the root. */
export function parentPath(path: string): string | undefined {
  if (path === '/') return undefined;
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

export function nodeName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** From the root's child down to the path itself. */
export function ancestry(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '');
  return names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`);
}

/** What a person typed or pasted, as a path: no blanks around it, one slash in front, none at the end. */
export function tidyPath(typed: string): string {
  return `/${typed.trim().replace(/^\/+|\/+$/g, '')}`;
}

/**
 * One sentence about what is wrong with the name of a child-to-be, or undefined. Slashes are
 * allowed and create the nodes between.
 */
export function nameProblem(parent: string, name: string, siblings: ReadonlySet<string>): string | undefined {
  if (name === '') return 'Type a name.';
  if (name.startsWith('/')) return `The name goes on from ${parent}, so it cannot begin with a slash.`;
  if (name.endsWith('/')) return 'The name of the last node is missing after the slash.';
  if (name.includes('//')) return 'There is no name between two slashes.';
  const bad = [...name].find((character) => character !== '/' && !namePattern.test(character));
  if (bad !== undefined) {
    const shown = bad === ' ' ? 'A blank' : `“${bad}”`;
    return `${shown} cannot stand in a name: letters, digits, “-”, “_” and “@” can.`;
  }
  const path = childPath(parent, name);
  const limited = path.replace(domainPrefixPattern, '').length;
  if (limited > maxPathBytes)
    return `The path would have ${limited} characters; a xenstore takes ${maxPathBytes}.`;
  if (siblings.has(name)) return `${path} exists already. Choose another name, or edit its value.`;
  return undefined;
}

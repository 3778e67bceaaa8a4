/** The files that domain 0 of a simulated host shares with a guest: few, small, and for reading only. */

export interface SharedFile {
  readonly name: string;
  /** Tells it from all others of its tree. */
  readonly number: number;
  readonly bytes: Buffer;
  /** Of a folder. */
  readonly children?: readonly SharedFile[];
}

/** What stands below `path` of domain 0. */
export function sharedFiles(path: string): SharedFile {
  let number = 0;
  const file = (name: string, text: string): SharedFile => ({
    name,
    number: ++number,
    bytes: Buffer.from(text, 'utf8'),
  });
  const folder = (name: string, children: readonly SharedFile[]): SharedFile => ({
    ...file(name, ''),
    children,
  });
  return folder('/', [
    file('README', `This is ${path} of domain 0.\n`),
    folder('backup', [
      file('last', 'monday\n'),
      file('log', Array.from({ length: 200 }, (_, line) => `line ${line}: nothing to report\n`).join('')),
    ]),
  ]);
}

/** A path that was checked and taken apart, and a cache of them, because the same few come again and again. */
import { isNodePath } from '../../wire/xsPath';

export class StorePath {
  #parent: StorePath | undefined;

  /** `names` may be longer than the path: the first `depth` of them are its components. */
  private constructor(
    readonly text: string,
    readonly names: readonly string[],
    readonly depth: number,
  ) {}

  static readonly root = new StorePath('/', [], 0);

  /** Undefined when the text breaks the rules of absolute paths. */
  static parse(text: string): StorePath | undefined {
    if (!isNodePath(text)) return undefined;
    if (text === '/') return StorePath.root;
    const names = text.slice(1).split('/');
    return new StorePath(text, names, names.length);
  }

  /** The root is its own parent. */
  get parent(): StorePath {
    if (this.#parent) return this.#parent;
    const depth = this.depth - 1;
    if (depth <= 0) return (this.#parent = StorePath.root);
    const text = this.text.slice(0, this.text.length - this.name.length - 1);
    return (this.#parent = new StorePath(text, this.names, depth));
  }

  /** The last component; empty for the root. */
  get name(): string {
    return this.depth === 0 ? '' : this.names[this.depth - 1]!;
  }

  child(name: string): StorePath {
    const names = [...this.names.slice(0, this.depth), name];
    return new StorePath(this.depth === 0 ? `/${name}` : `${this.text}/${name}`, names, this.depth + 1);
  }
}

/**
 * Remembers paths by their text: two generations of `maxPaths` each; what is not asked for while
 * one generation fills is forgotten. Long paths are not remembered, they would weigh too much.
 */
export class PathCache {
  #young = new Map<string, StorePath>();
  #old = new Map<string, StorePath>();

  constructor(
    private readonly maxPaths: number,
    private readonly maxPathBytes: number,
  ) {}

  parse(text: string): StorePath | undefined {
    const known = this.#young.get(text);
    if (known) return known;
    const path = this.#old.get(text) ?? StorePath.parse(text);
    if (path && text.length <= this.maxPathBytes) this.#remember(path);
    return path;
  }

  #remember(path: StorePath): void {
    if (this.#young.size >= this.maxPaths) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(path.text, path);
  }
}

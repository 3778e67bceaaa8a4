/** Forms that a person saved under a name. They are kept for all windows and folders, until they are removed. */
import type { ComposerCommand, ComposerDraft } from '../../server/rpc/api';
import type { Favourite } from '../../webview/messages';
import { Signal } from '../signal';

/** Of vscode.Memento. */
export interface Kept {
  get<T>(key: string): T | undefined;
  update(key: string, value: unknown): Thenable<void>;
}

export const maxFavourites = 100;
const maxNameCharacters = 80;
const key = 'xenscope.pvcalls.favourites';
const commands: ReadonlySet<ComposerCommand> = new Set([
  'socket',
  'connect',
  'release',
  'bind',
  'listen',
  'accept',
  'poll',
]);

export class Favourites {
  private readonly changed = new Signal<void>();
  readonly onChange = this.changed.event;

  /** As they were told of last. */
  private told: string;

  constructor(private readonly kept: Kept) {
    this.told = JSON.stringify(this.list);
  }

  /** By their names. What another version of ours kept, and is no favourite any more, is left out. */
  get list(): readonly Favourite[] {
    const kept = this.kept.get<unknown>(key);
    return Array.isArray(kept) ? kept.filter(isFavourite) : [];
  }

  /** Another window may have changed them. */
  look(): void {
    const now = JSON.stringify(this.list);
    if (now === this.told) return;
    this.told = now;
    this.changed.fire();
  }

  has(name: string): boolean {
    return this.list.some((one) => one.name === name);
  }

  /** One sentence about what is wrong with a name; undefined where it can be taken. */
  nameProblem(name: string): string | undefined {
    const trimmed = name.trim();
    if (trimmed === '') return 'Type a name.';
    if (trimmed.length <= maxNameCharacters) return undefined;
    return `A name has at most ${maxNameCharacters} characters, and this has ${trimmed.length}.`;
  }

  /** Takes the place of one of the same name. Throws where there are too many. */
  async save(name: string, draft: ComposerDraft): Promise<void> {
    const others = this.list.filter((one) => one.name !== name);
    if (others.length >= maxFavourites) {
      throw new Error(`There are ${maxFavourites} favourites already. Remove one first.`);
    }
    await this.keep([...others, { name, draft }]);
  }

  /** Of another one of that name nothing is left. */
  async rename(name: string, to: string): Promise<void> {
    const found = this.list.find((one) => one.name === name);
    if (!found || name === to) return;
    const others = this.list.filter((one) => one.name !== name && one.name !== to);
    await this.keep([...others, { ...found, name: to }]);
  }

  /** Answers what it was, so that it can be had back. */
  async remove(name: string): Promise<Favourite | undefined> {
    const found = this.list.find((one) => one.name === name);
    if (found) await this.keep(this.list.filter((one) => one !== found && one.name !== name));
    return found;
  }

  private async keep(list: readonly Favourite[]): Promise<void> {
    const sorted = [...list].sort((one, other) => one.name.localeCompare(other.name));
    await this.kept.update(key, sorted);
    this.look();
  }
}

function isFavourite(value: unknown): value is Favourite {
  const { name, draft } = (value ?? {}) as Partial<Favourite>;
  if (typeof name !== 'string' || typeof draft !== 'object' || draft === null) return false;
  if (draft.kind === 'raw') return typeof draft.slot === 'string';
  return draft.kind === 'fields' && commands.has(draft.command) && isTexts(draft.fields);
}

function isTexts(fields: unknown): boolean {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return false;
  return Object.values(fields).every((text) => typeof text === 'string');
}

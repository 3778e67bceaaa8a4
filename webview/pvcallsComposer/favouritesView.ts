/** Forms that were saved under a name: applied by a click, renamed, removed. */
import type { ComposerForm } from '../../server/rpc/api';
import { element, iconButton } from '../kit';
import type { Favourite } from './messages';
import { favouriteHover } from './words';

export interface FavouriteActs {
  apply(favourite: Favourite): void;
  rename(name: string): void;
  remove(name: string): void;
}

export class FavouritesView {
  readonly root = element('section', { className: 'favourites' });
  private readonly empty = element('p', {
    className: 'dim',
    text: 'None yet. “Save as Favourite…” keeps what is typed into the form, for every window and session.',
  });
  private readonly list = element('ul');
  private key = '';
  private forms: readonly ComposerForm[] = [];
  private favourites: readonly Favourite[] = [];

  constructor(private readonly acts: FavouriteActs) {
    this.list.setAttribute('aria-label', 'Favourites');
    this.root.append(element('h2', { text: 'Favourites' }), this.empty, this.list);
  }

  /** What their fields are called. */
  setForms(forms: readonly ComposerForm[]): void {
    this.forms = forms;
    this.show(this.favourites);
  }

  show(favourites: readonly Favourite[]): void {
    this.favourites = favourites;
    const key = JSON.stringify([favourites, this.forms.length]);
    if (this.key === key) return;
    this.key = key;
    this.empty.hidden = favourites.length > 0;
    this.list.replaceChildren(...favourites.map((favourite) => this.item(favourite)));
  }

  private item(favourite: Favourite): HTMLElement {
    const { name, draft } = favourite;
    const command = draft.kind === 'raw' ? 'Raw' : draft.command.toUpperCase();
    const apply = element('button', { className: 'link', text: name });
    apply.type = 'button';
    apply.title = favouriteHover(favourite, this.forms);
    apply.addEventListener('click', () => this.acts.apply(favourite));
    return element(
      'li',
      {},
      apply,
      element('span', { className: 'dim', text: command }),
      iconButton('edit', `Rename “${name}”`, () => this.acts.rename(name)),
      iconButton('trash', `Remove “${name}”`, () => this.acts.remove(name)),
    );
  }
}

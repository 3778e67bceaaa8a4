/** The page “Permissions”: a table with one row for each domain, what it means, and Apply. */
import type { Domain, Perm } from '../../server/rpc/api';
import { button, checkbox, dropdown, element, iconButton, registerKit, textField, type Option } from '../kit';
import type { FromPermissions, ToPermissions } from '../messages';
import {
  addable,
  chmodLine,
  domainLabel,
  draftOf,
  permsOf,
  samePerms,
  type Access,
  type Draft,
} from './draft';
import './permissions.css';

declare function acquireVsCodeApi(): {
  postMessage(message: FromPermissions): void;
  getState(): { perms?: Perm[]; base?: Perm[] } | undefined;
  setState(state: { perms: readonly Perm[]; base: readonly Perm[] }): void;
};

const otherDomain = 'other';

class PermissionsPage {
  private readonly vscode = acquireVsCodeApi();
  private readonly root = document.getElementById('root')!;
  private path = '';
  private domains: readonly Domain[] = [];
  /** What the store held when the draft was begun. */
  private base: readonly Perm[] = [];
  private nowText: readonly string[] = [];
  private draft: Draft = draftOf([]);
  private serial = 0;

  private readonly heading = element('h1', { text: 'Permissions' });
  private readonly where = element('p', { className: 'where' });
  private readonly rows = element('tbody');
  private readonly adding = element('div', { className: 'adding' });
  private readonly meaning = element('div', { className: 'meaning' });
  private readonly line = element('code');
  private readonly status = element('p', { className: 'status' });
  private readonly apply = button('Apply', 'primary', () =>
    this.post({ kind: 'apply', perms: permsOf(this.draft), base: this.base }),
  );
  private readonly revert = button('Revert', 'secondary', () => this.begin(this.base));

  constructor() {
    registerKit();
    this.build();
    window.addEventListener('message', (event: MessageEvent<ToPermissions>) => this.receive(event.data));
    this.post({ kind: 'ready' });
  }

  private build(): void {
    const head = element('thead', {}, headRow(['Domain', 'Read', 'Write', '']));
    const table = element('table', {}, head, this.rows);
    table.setAttribute('aria-label', 'Permissions by domain');
    this.meaning.setAttribute('aria-live', 'polite');
    this.status.setAttribute('role', 'status');
    const copy = iconButton('copy', 'Copy this line', () =>
      this.post({ kind: 'copy', text: this.line.textContent }),
    );
    this.root.append(
      this.heading,
      this.where,
      table,
      this.adding,
      element('h2', { text: 'What this means' }),
      this.meaning,
      element('h2', { text: 'The same in a terminal' }),
      element('div', { className: 'line' }, this.line, copy),
      element('div', { className: 'buttons' }, this.apply, this.revert),
      this.status,
    );
  }

  private receive(message: ToPermissions): void {
    switch (message.kind) {
      case 'show':
        return this.show(message);
      case 'preview':
        if (message.serial === this.serial) this.explain(message);
        return;
      case 'said':
        return this.say(message.text, 'good');
      case 'failed':
        return this.say(message.text, 'bad');
    }
  }

  private show({
    path,
    hostLabel,
    perms,
    permsText,
    domains,
  }: Extract<ToPermissions, { kind: 'show' }>): void {
    const first = this.path === '';
    const draft = permsOf(this.draft);
    const dirty = !samePerms(draft, this.base) && !samePerms(draft, perms);
    const news = !samePerms(perms, this.base) || JSON.stringify(domains) !== JSON.stringify(this.domains);
    this.path = path;
    this.domains = domains;
    this.nowText = permsText;
    this.where.replaceChildren(element('code', { text: path }), document.createTextNode(` on ${hostLabel}`));
    const kept = first ? this.vscode.getState() : undefined;
    if (kept?.perms && kept.base && samePerms(kept.base, perms)) {
      this.begin(perms);
      this.draft = draftOf(kept.perms);
      this.draw();
    } else if (!dirty || first) {
      // Asked again after every change of the node: what has the focus stays while nothing is new.
      if (!first && !news) return this.changed();
      this.say('');
      this.begin(perms);
    } else if (!samePerms(perms, this.base)) {
      this.base = perms;
      this.say(
        'The permissions were changed elsewhere meanwhile. “Revert” shows them; “Apply” replaces them by yours.',
        'bad',
      );
      this.changed();
    }
  }

  private begin(perms: readonly Perm[]): void {
    this.base = perms;
    this.draft = draftOf(perms);
    this.draw();
  }

  private draw(): void {
    const { draft } = this;
    const listed = [...draft.domains].map(([domid, access]) => this.domainRow(domid, access));
    this.rows.replaceChildren(this.ownerRow(), this.everyoneRow(), ...listed);
    this.drawAdding();
    this.changed();
  }

  private ownerRow(): HTMLElement {
    const known = new Set([...this.domains.map(({ domid }) => domid), this.draft.owner]);
    const options = [...known].sort((a, b) => a - b).map((domid) => this.option(domid));
    const picker = dropdown('Owner', options, String(this.draft.owner), (value) => {
      this.draft.owner = Number(value);
      this.draft.domains.delete(this.draft.owner);
      this.draw();
    });
    const who = element('div', { className: 'who' }, element('span', { text: 'Owner' }), picker);
    const always = () => element('span', { className: 'always', text: 'always' });
    return row(who, always(), always());
  }

  private everyoneRow(): HTMLElement {
    const who = element('div', { className: 'who' }, element('span', { text: 'Everyone else' }));
    return row(who, ...this.boxes('Everyone else', this.draft.everyoneElse));
  }

  private domainRow(domid: number, access: Access): HTMLElement {
    const label = domainLabel(domid, this.domains);
    const remove = iconButton('close', `Remove ${label} from the table`, () => {
      this.draft.domains.delete(domid);
      this.draw();
    });
    return row(element('div', { className: 'who', text: label }), ...this.boxes(label, access), remove);
  }

  private boxes(label: string, access: Access): [HTMLElement, HTMLElement] {
    const box = (kind: 'read' | 'write') =>
      checkbox(`${label} may ${kind}`, access[kind], (checked) => {
        access[kind] = checked;
        this.changed();
      });
    return [box('read'), box('write')];
  }

  private drawAdding(): void {
    const free = this.domains.filter(({ domid }) => typeof addable(String(domid), this.draft) === 'number');
    const options = [
      ...free.map(({ domid }) => this.option(domid)),
      { value: otherDomain, label: 'Another number…' },
    ];
    const number = textField('Number of the domain', 'domid', (value) => this.add(value));
    const picker = dropdown('Domain to add', options, options[0]!.value, () => follow());
    let chosen = options[0]!.value;
    const follow = () => {
      chosen = picker.value || chosen;
      number.hidden = chosen !== otherDomain;
    };
    number.hidden = chosen !== otherDomain;
    const add = button('Add Domain', 'secondary', () =>
      this.add(chosen === otherDomain ? number.value : chosen),
    );
    this.adding.replaceChildren(picker, number, add);
  }

  private add(typed: string): void {
    const domid = addable(typed, this.draft);
    if (typeof domid === 'string') return this.say(domid, 'bad');
    this.say('');
    this.draft.domains.set(domid, { read: true, write: false });
    this.draw();
  }

  private option(domid: number): Option {
    return { value: String(domid), label: domainLabel(domid, this.domains) };
  }

  private changed(): void {
    const perms = permsOf(this.draft);
    const same = samePerms(perms, this.base);
    this.line.textContent = chmodLine(this.path, perms);
    this.apply.disabled = same;
    this.revert.disabled = same;
    this.vscode.setState({ perms, base: this.base });
    this.serial++;
    if (same) this.explainNow();
    else this.post({ kind: 'ask', serial: this.serial, perms });
  }

  private explainNow(): void {
    this.meaning.className = 'meaning';
    this.meaning.replaceChildren(sentences('Now', this.nowText));
  }

  private explain({ verdict, text, details }: Extract<ToPermissions, { kind: 'preview' }>): void {
    const refused = verdict === 'refuse';
    this.meaning.className = refused ? 'meaning refused' : 'meaning';
    const { now, then, rest } = sortDetails(details);
    this.meaning.replaceChildren(
      element('p', { text }),
      ...rest.map((line) => element('p', { text: line })),
      element('div', { className: 'compared' }, sentences('Now', now), sentences('Then', then)),
    );
    if (refused) this.apply.disabled = true;
  }

  private say(text: string, how: 'good' | 'bad' = 'good'): void {
    this.status.textContent = text;
    this.status.classList.toggle('bad', how === 'bad');
  }

  private post(message: FromPermissions): void {
    this.vscode.postMessage(message);
  }
}

/** The server marks what is and what would be by a word in front. */
function sortDetails(details: readonly string[]): { now: string[]; then: string[]; rest: string[] } {
  const sorted = { now: [] as string[], then: [] as string[], rest: [] as string[] };
  for (const line of details) {
    if (line.startsWith('Now: ')) sorted.now.push(line.slice(5));
    else if (line.startsWith('Then: ')) sorted.then.push(line.slice(6));
    else sorted.rest.push(line);
  }
  return sorted;
}

function sentences(title: string, lines: readonly string[]): HTMLElement {
  const list = lines.map((line) => element('li', { text: line }));
  const section = element('section', { className: 'sentences' });
  if (list.length > 0) section.append(element('h3', { text: title }), element('ul', {}, ...list));
  return section;
}

function headRow(labels: readonly string[]): HTMLElement {
  const cells = labels.map((label) => {
    const cell = element('th', { text: label });
    cell.scope = 'col';
    return cell;
  });
  return element('tr', {}, ...cells);
}

function row(who: Node, read: Node, write: Node, last?: Node): HTMLElement {
  const head = element('th', {}, who);
  head.scope = 'row';
  const cells = [read, write, ...(last ? [last] : [])].map((content) => element('td', {}, content));
  if (!last) cells.push(element('td'));
  return element('tr', {}, head, ...cells);
}

new PermissionsPage();

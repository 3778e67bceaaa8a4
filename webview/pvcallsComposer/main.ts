/** The command composer: commands of PV Calls by hand, what is answered, and the sockets that come of it. */
import type { ComposerCheck, ComposerDraft, ComposerState } from '../../server/rpc/api';
import { registerKit } from '../kit';
import { Consoles } from './consoles';
import {
  type FormDraft,
  afterSending,
  emptyDraft,
  favouriteOf,
  requestOf,
  withField,
  withChoice,
  withRequest,
} from './draft';
import { FavouritesView } from './favouritesView';
import { FormView } from './formView';
import { HeaderView } from './headerView';
import { History } from './history';
import { HistoryView } from './historyView';
import { type KeptPage, keptHistory } from './kept';
import type { FromPvCallsComposer, ToPvCallsComposer } from './messages';
import { Sending } from './sending';
import { SocketsView } from './socketsView';
import { sessionOver, spokenEntry } from './words';
import { columns } from './columns';
import './pvcallsComposer.css';

declare function acquireVsCodeApi(): {
  postMessage(message: FromPvCallsComposer): void;
  setState(state: KeptPage): void;
  getState(): KeptPage | undefined;
};

const tickMs = 500;
/** So long after a key the server is asked what it thinks of the form. */
const checkAfterMs = 150;

type Of<Kind extends ToPvCallsComposer['kind']> = Extract<ToPvCallsComposer, { kind: Kind }>;

class ComposerPage {
  private readonly vscode = acquireVsCodeApi();
  private kept: KeptPage = this.vscode.getState() ?? {};
  private readonly history = new History(this.kept.history);
  /** Counts the sessions of this panel, those before a new start of the window included. */
  private session = this.kept.session ?? 0;
  private draft: FormDraft = this.kept.draft ?? emptyDraft;
  private forms: Of<'catalog'>['forms'] = [];
  private state: ComposerState | undefined;
  private aheadMs = 0;
  /** Of what the server is asked. */
  private serial = 0;
  private checkTimer: number | undefined;
  private checked = '';
  /** The serial of the last question about the form alone. */
  private asked: number | undefined;
  private readonly sending = new Sending({
    isOpen: () => this.isOpen,
    check: (request) => this.check(request),
    call: (request) => this.call(request),
    judged: (request, check) => this.judged(request, check),
    wentOut: (request, isOfForm) => this.wentOut(request, isOfForm),
    say: (refusals) => this.form.say(refusals, refusals !== ''),
  });

  private readonly header = new HeaderView((message) => this.post(message));
  private readonly form = new FormView(
    {
      changed: (draft) => this.setDraft(draft),
      send: () => this.press(this.request, false),
      save: () => this.post({ kind: 'saveFavourite', draft: favouriteOf(this.draft) }),
    },
    this.draft,
  );
  private readonly favourites = new FavouritesView({
    apply: ({ draft }) => this.edit(draft),
    rename: (name) => this.post({ kind: 'renameFavourite', name }),
    remove: (name) => this.post({ kind: 'removeFavourite', name }),
  });
  private readonly historyView = new HistoryView(this.history, {
    sendAgain: (request) => this.press(request, true),
    edit: (request) => this.edit(request),
    cleared: () => this.keepHistory(),
  });
  private readonly sockets = new SocketsView({
    showConsole: (id) => this.showSocket(id),
    showRing: (ring) => this.post({ kind: 'showRing', ring }),
    showObserved: () => this.post({ kind: 'showObserved' }),
    compose: (command, id) => {
      const chosen = withField(withChoice(this.draft, command), command, 'id', id);
      this.setDraft(chosen);
      this.form.focus();
    },
  });
  private readonly consoles = new Consoles(
    {
      act: (id, act) => this.post({ kind: 'atSocket', id, act }),
      showRing: (ring) => this.post({ kind: 'showRing', ring }),
      changed: (drafts) => this.keep({ consoleDrafts: drafts }),
    },
    this.kept.consoleDrafts ?? {},
  );

  constructor() {
    registerKit();
    const { header, form, favourites, historyView, sockets, consoles } = this;
    const left = [form.root, favourites.root];
    const right = [historyView.root];
    document
      .getElementById('root')!
      .append(
        ...header.parts,
        columns(left, right),
        historyView.slots,
        sockets.root,
        consoles.root,
        header.voice.root,
      );
    const { about, catalog, showsSlots = false } = this.kept;
    const { slots } = historyView;
    slots.open = showsSlots;
    slots.addEventListener('toggle', () => this.keep({ showsSlots: slots.open }));
    if (about) this.header.setAbout(about);
    if (catalog) this.setCatalog(catalog);
    this.draw();
    window.addEventListener('message', (event: MessageEvent<ToPvCallsComposer>) => this.receive(event.data));
    setInterval(() => this.tick(), tickMs);
    this.post({ kind: 'ready' });
  }

  private receive(message: ToPvCallsComposer): void {
    switch (message.kind) {
      case 'about':
        this.header.setAbout(message);
        return this.keep({ about: message });
      case 'catalog':
        this.setCatalog(message);
        this.keep({ catalog: message });
        return this.draw();
      case 'opening':
        return this.begin();
      case 'news':
        return this.takeNews(message.news);
      case 'away':
        return this.goAway(message.text);
      case 'checked':
        return this.takeCheck(message);
      case 'called':
        return this.takeCalled(message);
      case 'favourites':
        return this.favourites.show(message.favourites);
      case 'wrote':
        return this.consoles.of(message.id)?.wrote(message);
      case 'sending':
        return this.consoles.of(message.id)?.progress(message.text);
      case 'sent':
        return this.consoles.of(message.id)?.wasSent(message);
      case 'recording':
        return this.consoles.of(message.id)?.setRecording(message.file);
      case 'showSocket':
        return this.showSocket(message.id);
      case 'said':
        return this.say(message);
    }
  }

  private setCatalog({ forms, layouts }: Pick<Of<'catalog'>, 'forms' | 'layouts'>): void {
    this.forms = forms;
    this.form.setCatalog(forms, layouts);
    this.historyView.setLayouts(layouts);
    this.favourites.setForms(forms);
  }

  private begin(): void {
    this.keep({ session: ++this.session });
    this.state = undefined;
    this.header.begin();
    this.consoles.begin();
    this.draw();
  }

  private takeNews({ state, timeMs, entries, received }: Of<'news'>['news']): void {
    this.state = state;
    this.aheadMs = timeMs - Date.now();
    if (entries.length > 0) {
      this.history.take(this.session, entries);
      this.keepHistory();
      this.header.speak(spokenEntry(entries.at(-1)!));
    }
    this.header.show(state);
    this.consoles.take(state.sockets, received, timeMs);
    this.draw();
    this.checkSoon();
  }

  /** The session is over: what is shown of it is of the past. */
  private goAway(text: string): void {
    this.state = undefined;
    this.header.goAway(text);
    this.history.end(this.session, sessionOver);
    this.keepHistory();
    this.consoles.end(text, Date.now() + this.aheadMs);
    this.sending.end();
    this.asked = undefined;
    this.checked = '';
    this.form.showCheck(undefined);
    this.draw();
  }

  private get isOpen(): boolean {
    return this.state?.phase === 'open';
  }

  private draw(): void {
    const { state } = this;
    const canSend = this.isOpen && !this.sending.isCalling;
    this.form.open = canSend;
    this.form.show(this.draft, state);
    this.historyView.show(canSend);
    this.sockets.show(state, this.consoles.shownId);
  }

  private setDraft(draft: FormDraft): void {
    // What was said of another command is not said of this one, and its bytes are not sent in its place.
    if (draft.choice !== this.draft.choice) this.form.showCheck(undefined);
    this.draft = draft;
    this.sending.forgetRefusals();
    this.keep({ draft });
    this.form.show(draft, this.state);
    this.checkSoon();
  }

  /** A request of before, or a favourite, into the form. */
  private edit(request: ComposerDraft): void {
    this.setDraft(withRequest(this.draft, request));
    this.form.root.scrollIntoView({ block: 'nearest' });
    this.form.focus();
  }

  private get request(): ComposerDraft {
    return requestOf(this.draft, this.forms, this.state);
  }

  private checkSoon(): void {
    if (!this.state || this.checkTimer !== undefined) return;
    this.checkTimer = window.setTimeout(() => {
      this.checkTimer = undefined;
      // What is to be sent is answered for first.
      if (!this.sending.isChecking && this.checkKey() !== this.checked) this.asked = this.check(this.request);
    }, checkAfterMs);
  }

  /** What the answer to a check depends on; bytes that pass are no part of it. */
  private checkKey(): string {
    const { state } = this;
    const sockets = state?.sockets.map(({ id, phase, can }) => [id, phase, can]);
    return JSON.stringify([
      this.request,
      state?.phase,
      state?.maxOrder,
      state?.kept,
      state?.suggested,
      sockets,
    ]);
  }

  private press(request: ComposerDraft, isChecked: boolean): void {
    this.sending.press(request, isChecked);
    this.draw();
  }

  private check(request: ComposerDraft): number {
    this.checked = isSame(request, this.request) ? this.checkKey() : '';
    // The answer to what was asked before is not waited for any more.
    this.asked = undefined;
    this.post({ kind: 'check', serial: ++this.serial, draft: request });
    return this.serial;
  }

  private takeCheck({ serial, check, problem }: Of<'checked'>): void {
    if (this.sending.takeCheck(serial, check, problem)) this.draw();
    else {
      if (serial !== this.asked) return;
      this.asked = undefined;
      if (check) this.form.showCheck(check);
      else this.form.say(problem ?? '', true);
    }
    // Whatever was typed since is asked about by itself.
    this.checkSoon();
  }

  private judged(request: ComposerDraft, check: ComposerCheck): boolean {
    const isOfForm = isSame(request, this.request);
    if (!isOfForm) return false;
    if (check.problems.length === 0) this.form.showCheck(check);
    else this.form.insist(check);
    return true;
  }

  private call(request: ComposerDraft): number {
    const serial = ++this.serial;
    this.historyView.chooseNewest();
    this.post({ kind: 'call', serial, draft: request });
    return serial;
  }

  private wentOut(request: ComposerDraft, isOfForm: boolean): void {
    if (!isOfForm) return;
    this.draft = afterSending(this.draft, this.forms, request);
    this.keep({ draft: this.draft });
  }

  private takeCalled({ serial, number, problem }: Of<'called'>): void {
    this.sending.takeCalled(serial, number, problem);
    this.draw();
    this.checkSoon();
  }

  /** At the console that it is about, where there is one. */
  private say({ id, text, failed }: Of<'said'>): void {
    const at = id === undefined ? undefined : this.consoles.of(id);
    (at ?? this.header).tell(text, failed);
  }

  private showSocket(id: string): void {
    this.consoles.choose(id);
    this.draw();
  }

  private keepHistory(): void {
    this.keep({ history: keptHistory(this.history.lines) });
  }

  private keep(part: KeptPage): void {
    this.kept = { ...this.kept, ...part };
    this.vscode.setState(this.kept);
  }

  private tick(): void {
    const nowMs = Date.now();
    this.consoles.tick(nowMs + this.aheadMs);
    this.header.tick(nowMs, this.consoles.takeUnspoken());
  }

  private post(message: FromPvCallsComposer): void {
    // What was said of an act of before is over with the next one.
    if (message.kind !== 'check' && message.kind !== 'ready') this.header.tell('', false);
    this.vscode.postMessage(message);
  }
}

function isSame(one: ComposerDraft, other: ComposerDraft): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

new ComposerPage();

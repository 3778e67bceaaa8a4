/** Stands before a backend of PV Calls: what is held is decided here, and rules decide the rest. */
import type { InterceptNews, InterceptSettings } from '../../server/rpc/api';
import { button, dropdown, element, registerKit } from '../kit';
import { Help, PoliteVoice, severityIcon, toolbar } from '../page';
import { setText } from '../rings/texts';
import { DecideView } from './decideView';
import { EventLog } from './eventLog';
import { HeldList } from './heldList';
import type { FromPvCallsIntercept, KeptIntercept, ToPvCallsIntercept } from './messages';
import { RulesView } from './rulesView';
import { explanation, passedText, verdictOf } from './words';
import './pvcallsIntercept.css';

declare function acquireVsCodeApi(): {
  postMessage(message: FromPvCallsIntercept): void;
  setState(state: KeptIntercept): void;
  getState(): KeptIntercept | undefined;
};

type Of<Kind extends ToPvCallsIntercept['kind']> = Extract<ToPvCallsIntercept, { kind: Kind }>;

class InterceptPage {
  private readonly vscode = acquireVsCodeApi();
  private readonly kept: KeptIntercept = this.vscode.getState() ?? {};
  private about: Of<'about'> | undefined;
  private names: Of<'news'>['names'] = {};
  private news: InterceptNews | undefined;
  private settings: InterceptSettings = { isOn: false, holdsOthers: true, rules: [] };
  private serial = 0;
  /** Those who wait for what the server says of a rule, by serial. */
  private readonly checks = new Map<number, (check: Of<'checked'>) => void>();

  private readonly where = element('span', { className: 'dim' });
  private readonly verdict = element('p', { className: 'verdict' });
  private readonly said = element('p', { className: 'said' });
  private readonly hint = element('p', { className: 'dim hint' });
  private readonly findings = element('ul', { className: 'findings' });
  private readonly help = new Help();
  private readonly voice = new PoliteVoice();
  private readonly power = button('Turn On', 'primary', () =>
    this.set({ ...this.settings, isOn: !this.settings.isOn }),
  );
  private readonly others = element('span', { className: 'others' });
  private readonly own = button('Open Backend…', 'secondary', () =>
    this.post({ kind: this.news?.state ? 'closeBackend' : 'openBackend' }),
  );
  private readonly again = button('Try Again', 'secondary', () => this.post({ kind: 'retry' }));
  private readonly held = new HeldList(() => this.drawHeld(true));
  private readonly decide = new DecideView(
    {
      decide: (call, decision, delayMs) => {
        // What was said of the decision before is not about this one.
        setText(this.said, '');
        this.post({ kind: 'decide', call, decision, delayMs });
      },
      makeRule: (line) => this.rules.begin(line),
      changed: () => this.keep(),
    },
    this.kept,
  );
  private readonly rules = new RulesView(this.kept.newRule ?? '', {
    changed: (rules) => this.set({ ...this.settings, rules }),
    check: (line) => this.check(line),
    typed: () => this.keep(),
  });
  private readonly columns = element('div', { className: 'columns' });
  private readonly log = new EventLog();

  constructor() {
    this.build();
    window.addEventListener('message', (event: MessageEvent<ToPvCallsIntercept>) => this.receive(event.data));
    this.post({ kind: 'ready' });
  }

  private build(): void {
    const root = document.getElementById('root')!;
    for (const spoken of [this.verdict, this.said]) {
      spoken.setAttribute('role', 'status');
      spoken.setAttribute('aria-live', 'polite');
    }
    this.findings.setAttribute('aria-label', 'Findings');
    this.help.fill(explanation);
    this.own.hidden = this.again.hidden = true;
    const heading = element('h1', { text: 'Intercept' });
    const tools = toolbar('Intercept', this.power, this.others, this.own, this.again, this.help.button);
    this.columns.append(this.held.root, this.decide.root);
    root.append(element('header', {}, heading, this.where), this.verdict, tools, this.said, this.help.root);
    root.append(this.findings, element('h2', { text: 'Held Calls' }), this.columns, this.hint);
    root.append(this.rules.root, this.log.root, this.voice.root);
    this.drawOthers();
  }

  private receive(message: ToPvCallsIntercept): void {
    switch (message.kind) {
      case 'about':
        return this.setAbout(message);
      case 'news':
        return this.take(message);
      case 'away':
        return this.goAway(message.text);
      case 'checked':
        this.checks.get(message.serial)?.(message);
        return void this.checks.delete(message.serial);
      case 'said':
        // Refused: the call is still to be decided about.
        this.decide.heard();
        setText(this.said, message.text);
        this.said.className = message.failed ? 'problem said' : 'dim said';
    }
  }

  private setAbout(about: Of<'about'>): void {
    const { about: before, settings } = this;
    this.about = before ? { ...about, settings } : about;
    setText(this.where, `PV Calls backend of ${about.backend} · ${about.hostLabel}`);
    this.own.hidden = !about.isOwn;
    this.decide.setErrors(about.errors);
    // It is told again whenever a domain comes or goes: what is set here, and being typed, is newer than that.
    if (!before) {
      this.settings = about.settings;
      this.rules.set(about.settings.rules);
      this.drawOthers();
    }
    this.drawPower();
    this.keep();
  }

  private take({ news, names }: Of<'news'>): void {
    const wasThere = this.news?.state !== undefined;
    this.news = news;
    this.names = names;
    this.again.hidden = true;
    const { state } = news;
    if (state && !wasThere) this.log.begin();
    if (state) this.settings = { ...this.settings, isOn: state.isOn };
    this.drawVerdict(verdictOf(news, this.about?.isOwn ?? false));
    this.log.add(news.events, news.eventsLeftOut, this.nameOf);
    this.rules.show(state?.rules ?? []);
    setText(this.hint, state ? passedText(state, news.heldLeftOut) : '');
    this.drawFindings(news.findings ?? []);
    this.decide.heard();
    this.drawHeld();
    this.drawPower();
    this.own.textContent = state ? 'Close Backend' : 'Open Backend…';
    const [first] = state?.held.filter((call) => call.state === 'held') ?? [];
    if (first) this.voice.say(`Held: ${first.text}, of ${this.nameOf(first.domid)}`, Date.now());
  }

  private drawHeld(isChosenByPerson = false): void {
    const state = this.news?.state;
    this.held.show(state?.held ?? [], state?.nowMs ?? 0, this.nameOf, this.noneHeld());
    this.decide.show(this.held.chosen);
    // What stands below does not jump whenever a call comes or goes.
    if (this.held.chosen) this.columns.classList.add('used');
    else if (!state?.isOn) this.columns.classList.remove('used');
    this.log.follow(this.held.chosen, isChosenByPerson);
  }

  private noneHeld(): string {
    if (!this.news?.state) return 'Nothing can be held now.';
    if (!this.settings.isOn)
      return 'Nothing is held while it is off. Turn it on, and calls wait here for you.';
    return this.settings.holdsOthers
      ? 'No call is held. The next that a guest makes, and no rule decides about, waits here.'
      : 'No call is held. Only what a rule holds waits here.';
  }

  private goAway(text: string): void {
    this.news = undefined;
    this.again.hidden = false;
    this.drawVerdict({ text, severity: 'warning' });
    this.drawFindings([]);
    this.drawHeld();
    this.drawPower();
    this.own.textContent = 'Open Backend…';
  }

  private drawVerdict({ text, wayOut, severity }: ReturnType<typeof verdictOf>): void {
    const key = JSON.stringify([text, wayOut, severity]);
    if (this.verdict.dataset.key === key) return;
    this.verdict.dataset.key = key;
    this.verdict.className = `verdict ${severity}`;
    const words = element('span', { text });
    if (wayOut !== undefined) words.append(element('span', { className: 'dim', text: wayOut }));
    this.verdict.replaceChildren(severityIcon(severity), words);
  }

  private drawFindings(findings: readonly string[]): void {
    const key = findings.join('\n');
    if (this.findings.dataset.key === key) return;
    this.findings.dataset.key = key;
    this.findings.replaceChildren(...findings.slice(-8).map((text) => element('li', { text })));
  }

  private drawPower(): void {
    this.power.textContent = this.settings.isOn ? 'Turn Off' : 'Turn On';
    this.power.title = this.settings.isOn
      ? 'All that is held passes at once'
      : 'From now on calls come by here first';
    this.power.disabled = !this.news?.state;
    this.log.setOn(this.settings.isOn && this.news?.state !== undefined);
    this.decide.setAway(!this.news?.state);
  }

  private drawOthers(): void {
    const choice = dropdown(
      'Calls that no rule is about',
      [
        { value: 'hold', label: 'Hold all other calls' },
        { value: 'pass', label: 'Let all other calls pass' },
      ],
      this.settings.holdsOthers ? 'hold' : 'pass',
      (value) => this.set({ ...this.settings, holdsOthers: value === 'hold' }),
    );
    choice.title = 'What becomes of calls that no rule is about';
    this.others.replaceChildren(choice);
  }

  private set(settings: InterceptSettings): void {
    this.settings = settings;
    this.drawPower();
    setText(this.said, '');
    this.post({ kind: 'set', settings });
    if (this.about) this.about = { ...this.about, settings };
    this.keep();
  }

  private check(line: string): Promise<Of<'checked'>> {
    const serial = ++this.serial;
    return new Promise((resolve) => {
      this.checks.set(serial, resolve);
      this.post({ kind: 'check', serial, line });
    });
  }

  private readonly nameOf = (domid: number): string => this.names[domid] ?? `domain ${domid}`;

  private keep(): void {
    const { about } = this;
    const newRule = this.rules.newRule;
    this.vscode.setState({ ...(about && { about }), newRule, ...this.decide.draft });
  }

  private post(message: FromPvCallsIntercept): void {
    this.vscode.postMessage(message);
  }
}

// Before the page: a control that is made sooner loses what is put into it.
registerKit();
new InterceptPage();

/** Asks a person which vchan is to be opened: one that is offered, or one that they describe. */
import * as vscode from 'vscode';
import type { VchanChoices, VchanOffer, VchanPlan } from '../../server/rpc/api';
import type { Xenscope } from '../context';
import { plain } from '../plain';
import { connectTo, domainOfPath, parseDomid, parseRingSizes, ringSizes, shortPath, usualPath } from './plan';

export interface Around {
  /** The domain whose row it was asked for. */
  readonly domid?: number;
  /** The ring whose row it was asked for. */
  readonly ring?: string;
}

/** Undefined: the person thought better of it. `watch`: the ring is only to be looked at. */
export async function pickPlan(
  xenscope: Xenscope,
  host: string,
  choices: VchanChoices,
  around: Around,
): Promise<VchanPlan | 'watch' | undefined> {
  return new PlanPicker(xenscope, host, choices).pick(around);
}

interface Item extends vscode.QuickPickItem {
  readonly offer?: VchanOffer;
}

class PlanPicker {
  constructor(
    private readonly xenscope: Xenscope,
    private readonly host: string,
    private readonly choices: VchanChoices,
  ) {}

  async pick({ domid, ring }: Around): Promise<VchanPlan | 'watch' | undefined> {
    const { actors, offers } = this.choices;
    const whose = domid === undefined ? '' : ` of ${this.name(domid)}`;
    const near = offers.filter(
      ({ server, client }) => domid === undefined || server === domid || client === domid,
    );
    const watch: Item = { label: '$(eye) Watch it, read only', detail: 'What passes in both directions' };
    const serve: Item = { label: '$(broadcast) Offer a vchan…', detail: 'As server: others connect to it' };
    const connect: Item = { label: '$(edit) Connect to another path…', detail: 'As client, where you say' };
    const offered = near.map((offer): Item => ({
      label: `$(plug) Connect to ${plain(this.name(offer.server))}`,
      description: plain(shortPath(offer.path)),
      detail: offer.client === undefined ? 'As client' : `As client: ${plain(this.name(offer.client))}`,
      offer,
    }));
    const items = [...(ring === undefined ? [] : [watch]), ...offered, serve, connect];
    const title = `Open which vchan${plain(whose)}?`;
    const picked = await vscode.window.showQuickPick(items, { title, matchOnDescription: true });
    if (!picked) return undefined;
    if (picked === watch) return 'watch';
    if (picked.offer) return this.connectTo(picked.offer);
    const own = await this.pickActor(actors, picked === serve ? 'offers it' : 'connects', domid);
    if (own === undefined) return undefined;
    return picked === serve ? this.planServer(own.actAs) : this.planClient(own.actAs);
  }

  /** As the domain for which it is offered. */
  private async connectTo(offer: VchanOffer): Promise<VchanPlan | undefined> {
    const { actors } = this.choices;
    const own = await this.pickActor(actors, 'connects', offer.client);
    return own && connectTo(offer, own.actAs);
  }

  private async planServer(actAs: number | undefined): Promise<VchanPlan | undefined> {
    const peer = await this.pickDomain('Which domain may connect?', actAs);
    if (peer === undefined) return undefined;
    const path = await this.askPath(usualPath(peer, this.choices.offers), 'Where is it offered?');
    if (path === undefined) return undefined;
    const sizes = await this.pickSizes();
    if (!sizes) return undefined;
    const once = { label: 'Until its client leaves', persistent: false };
    const always = { label: 'Persistent: for one client after the other', persistent: true };
    const life = await vscode.window.showQuickPick([once, always], { title: 'How long does it stay?' });
    if (!life) return undefined;
    return { role: 'server', peer, path, ...sizes, persistent: life.persistent, ...acting(actAs) };
  }

  private async planClient(actAs: number | undefined): Promise<VchanPlan | undefined> {
    const server = await this.pickDomain('Whose vchan is it?', actAs);
    if (server === undefined) return undefined;
    const usual = `/local/domain/${server}/data/vchan/${actAs ?? 0}/`;
    const path = await this.askPath(usual, 'Where is it offered?');
    if (path === undefined) return undefined;
    const now = { label: 'Connect now', detail: 'Or say what is missing', waits: false };
    const later = { label: 'Wait until it is offered', detail: 'For as long as it takes', waits: true };
    const when = await vscode.window.showQuickPick([now, later], { title: 'If nobody offers it yet?' });
    if (!when) return undefined;
    return { role: 'client', peer: domainOfPath(path) ?? server, path, waits: when.waits, ...acting(actAs) };
  }

  /** On a real host there is one only, and nobody is asked. */
  private async pickActor(
    actors: readonly number[] | undefined,
    does: string,
    wanted: number | undefined,
  ): Promise<{ readonly actAs: number | undefined } | undefined> {
    if (!actors) return { actAs: undefined };
    if (wanted !== undefined && actors.includes(wanted)) return { actAs: wanted };
    const actAs = await this.pickAmong(actors, `Which domain ${does}?`);
    return actAs === undefined ? undefined : { actAs };
  }

  /** The store of a real host may not show its domains to ours: there their numbers can be typed. */
  private async pickDomain(title: string, except: number | undefined): Promise<number | undefined> {
    const all = this.xenscope.hosts.domains(this.host).map(({ domid }) => domid);
    const others = all.filter((domid) => domid !== except);
    if (this.choices.actors) return this.pickAmong(others, title);
    const other = { label: 'Another domain…', detail: 'By its number', domid: undefined };
    const options = { title, matchOnDescription: true };
    const picked = await vscode.window.showQuickPick([...this.itemsOf(others), other], options);
    return picked === other ? this.askDomid(title) : picked?.domid;
  }

  private async askDomid(title: string): Promise<number | undefined> {
    const typed = await vscode.window.showInputBox({
      title,
      prompt: 'The number of the domain',
      validateInput: (text) =>
        parseDomid(text) === undefined ? 'Type a whole number from 0 to 32751.' : undefined,
    });
    return typed === undefined ? undefined : parseDomid(typed);
  }

  private async pickAmong(domids: readonly number[], title: string): Promise<number | undefined> {
    const options = { title, matchOnDescription: true };
    return (await vscode.window.showQuickPick(this.itemsOf(domids), options))?.domid;
  }

  private itemsOf(domids: readonly number[]) {
    return domids.map((domid) => ({
      label: plain(this.name(domid)),
      description: `domain ${domid}`,
      domid,
    }));
  }

  private async askPath(value: string, title: string): Promise<string | undefined> {
    const typed = await vscode.window.showInputBox({
      title,
      value,
      valueSelection: [value.lastIndexOf('/') + 1, value.length],
      prompt: 'The folder of its nodes: absolute, or below the domain that is acted as',
      validateInput: (text) =>
        /[^/]$/.test(text.trim()) ? undefined : 'Type the name of the folder as well.',
    });
    return typed?.trim();
  }

  private async pickSizes(): Promise<{ leftBytes: number; rightBytes: number } | undefined> {
    const other = { label: 'Other sizes…', detail: 'Such as 4096 65536, or 64k 1M' };
    const title = 'How long are the rings?';
    const picked = await vscode.window.showQuickPick([...ringSizes, other], { title });
    if (!picked) return undefined;
    if ('leftBytes' in picked) return { leftBytes: picked.leftBytes, rightBytes: picked.rightBytes };
    const typed = await vscode.window.showInputBox({
      title,
      prompt: 'The ring to the server and the one to the client, in bytes',
      validateInput: (text) => {
        const sizes = parseRingSizes(text);
        return typeof sizes === 'string' ? sizes : undefined;
      },
    });
    const sizes = typed === undefined ? undefined : parseRingSizes(typed);
    return typeof sizes === 'string' ? undefined : sizes;
  }

  private name(domid: number): string {
    return this.xenscope.hosts.domainName(this.host, domid);
  }
}

function acting(actAs: number | undefined): { actAs?: number } {
  return actAs === undefined ? {} : { actAs };
}

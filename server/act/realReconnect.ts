/**
 * Connecting a guest's xenstore ring anew on a real host, from outside. Only one way does something:
 * to introduce the domain to a C xenstored once more, and it is a rough one, for the guest is not told.
 */
import { isStoreError, XenscopeError } from '../host/errors';
import type { Host } from '../host/host';
import type { StoreClient } from '../host/storeClient';
import type { ReconnectReport, ReconnectStep } from '../host/worldControl';
import { XS_RING_PAGE, XS_RING_PAGE_BYTES } from '../wire/xsRing';
import type { ReconnectPreview } from './reconnectPreview';
import { unlessAbsent } from './unlessAbsent';
import { whichXenstored } from './xenstoredKind';

export interface RealReconnect {
  readonly host: Host;
  readonly store: StoreClient;
  readonly domid: number;
  /** `web (3)`. */
  readonly owner: string;
  /** What is in flight on its ring, in words, as far as it can be seen. */
  readonly inFlight: readonly string[];
}

/** Where the toolstack has told the xenstored to look, as it wrote it down. */
interface Introduction {
  readonly gfn: number;
  readonly port: number;
}

/** What C takes as a port. */
const portLimit = 2 ** 31;
const method = 'INTRODUCE again';
const reboot = 'A reboot of the guest gives it a new connection.';
const onlyTheGuest =
  'The reconnect of the ring protocol belongs to the guest: written by somebody else, the word would race with its driver.';

export async function previewOnRealHost(target: RealReconnect): Promise<ReconnectPreview> {
  const { host, store, domid, owner } = target;
  if (domid === 0) {
    return refusal(
      'Domain 0',
      'The connection of domain 0 is left alone: every driver of this host hangs on it.',
      ['Domain 0 connects anew when the machine is started again.'],
    );
  }
  if (host.lifeOf?.(domid)?.state === 'dying') {
    return refusal('No ring in use', `${owner} is being destroyed: no connection is of use to it any more.`, [
      'It is gone when nobody holds its pages any more.',
    ]);
  }
  const isIntroduced = await unlessForbidden(store.isDomainIntroduced(domid));
  if (isIntroduced === undefined) {
    return refusal(
      'Not from this domain',
      'Only domain 0 may introduce a domain, and this server runs in another one.',
      ['Run the server in domain 0: sudo xenscope serve --owner USER.', reboot],
    );
  }
  if (!isIntroduced) {
    return refusal(
      'No ring in use',
      `${owner} is not introduced to the xenstored, so it has no connection.`,
      ['It is being built, or it is gone.'],
    );
  }
  switch (await whichXenstored(store)) {
    case 'oxenstored':
      return refusal(method, `It would not help ${owner}: oxenstored keeps watches and indices at it.`, [
        'oxenstored binds the event channel anew and leaves everything else of the connection as it is.',
        `It offers the reconnect of the ring protocol (mask 0x1 of server_features). ${onlyTheGuest}`,
        reboot,
      ]);
    case 'unknown':
      return refusal(
        'Not from outside',
        `Nobody but ${owner} itself may ask for a new connection on this host.`,
        [
          'The xenstored here is neither the one written in C nor oxenstored: what it makes of a domain that is introduced twice is not known.',
          onlyTheGuest,
          reboot,
        ],
      );
    case 'C xenstored':
      return introduceAgain(target, await introductionOf(store, domid));
  }
}

/** Throws a XenscopeError when the store refuses. */
export async function performOnRealHost(
  { host, store, domid, owner }: RealReconnect,
  onStep: (step: ReconnectStep) => void,
): Promise<ReconnectReport> {
  const introduction = await introductionOf(store, domid);
  if (!introduction)
    throw new XenscopeError('overtaken', `Where the ring of ${owner} lies is no longer written down.`);
  const beganMs = host.clock.nowMs();
  const steps: ReconnectStep[] = [];
  const tell = (side: string, text: string) => {
    const step = { atMs: host.clock.nowMs() - beganMs, side, text };
    steps.push(step);
    onStep(step);
  };
  const { gfn, port } = introduction;
  tell(
    'xenscope',
    `asks the xenstored to introduce domain ${domid} again, with frame ${gfn} and port ${port}`,
  );
  await store.introduce(domid, gfn, port);
  tell('xenstored', 'has dropped the old connection, and was asked to bind the event channel anew');
  const words = wordsOf(host, domid);
  if (words !== undefined) tell('page', words);
  return { ...(await endOf(store, domid, owner)), steps };
}

/** How it ended. The act is done: a question that fails afterwards must not take its report away. */
async function endOf(
  store: StoreClient,
  domid: number,
  owner: string,
): Promise<Omit<ReconnectReport, 'steps'>> {
  const done = {
    outcome: 'done',
    text: `${owner} has a new connection, and was not told.`,
    wayOut: 'What it watched it hears of again only when it sets its watches anew, as a rule when it boots.',
  } as const;
  try {
    if (await store.isDomainIntroduced(domid)) return done;
  } catch (error) {
    if (!(error instanceof XenscopeError)) throw error;
    return { ...done, text: `${done.text} Whether it is still there could not be asked. ${error.message}` };
  }
  return { outcome: 'stuck', text: `The xenstored no longer knows ${owner}: it went away meanwhile.` };
}

function introduceAgain(
  { host, domid, owner, inFlight }: RealReconnect,
  introduction: Introduction | undefined,
): ReconnectPreview {
  if (!introduction) {
    return refusal(method, `Where the ring of ${owner} lies is not written in the store.`, [
      `The toolstack writes it to /local/domain/${domid}/store/ring-ref and port; without them nobody can introduce the domain again.`,
      reboot,
    ]);
  }
  const details = [
    `The xenstored is asked: INTRODUCE ${domid} ${introduction.gfn} ${introduction.port}, as the toolstack asked when ${owner} was built.`,
    'The C xenstored drops everything of the old connection, sets the four indices to 0, and binds the event channel anew.',
    'The guest is not told. What it has asked is never answered, and its watches never fire again, until it sets them anew.',
  ];
  const lost = [
    'All watches of the guest, which it believes to have; how many only the xenstored knows',
    'Transactions that are open, with all that was written in them',
    ...(inFlight.length > 0 ? inFlight : ['Requests, replies and events in flight']),
  ];
  const life = host.lifeOf?.(domid)?.state;
  if (life === 'paused' || life === 'shutdown') {
    const text = `${owner}, which ${standsStill[life]}, gets a new connection on the same page and the same event channel.`;
    return { verdict: 'confirm', method, text, details, lost };
  }
  const text =
    life === 'running'
      ? `${owner} runs, and would not be told that its connection was dropped.`
      : `${owner} may be running, which cannot be seen from here, and would not be told that its connection was dropped.`;
  const force = `Whatever waits for the xenstore in ${owner} hangs, maybe until it is rebooted.`;
  return { verdict: 'refuse', method, text, details: [...details, reboot], lost, force };
}

const standsStill = { paused: 'is paused', shutdown: 'has shut down' } as const;

async function introductionOf(store: StoreClient, domid: number): Promise<Introduction | undefined> {
  const folder = `/local/domain/${domid}/store`;
  const [gfn, port] = await Promise.all([
    numberAt(store, `${folder}/ring-ref`),
    numberAt(store, `${folder}/port`),
  ]);
  if (gfn === undefined || port === undefined || port === 0 || port >= portLimit) return undefined;
  return { gfn, port };
}

async function numberAt(store: StoreClient, path: string): Promise<number | undefined> {
  const text = (await unlessAbsent(store.read(path)))?.toString('latin1') ?? '';
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
}

/** The four indices of its page, where pages can be seen. */
function wordsOf(host: Host, domid: number): string | undefined {
  const bytes = Buffer.alloc(XS_RING_PAGE_BYTES);
  try {
    const pages = host.observer?.().pages();
    const page = pages?.find((one) => one.kind === 'xenstore' && one.domid === domid);
    if (!page?.copy(bytes)) return undefined;
  } catch (error) {
    if (error instanceof XenscopeError) return undefined;
    throw error;
  }
  const words = (['req_cons', 'req_prod', 'rsp_cons', 'rsp_prod'] as const).map(
    (name) => `${name} ${bytes.readUInt32LE(XS_RING_PAGE.fields[name].offsetBytes)}`,
  );
  return `says ${words.join(', ')} now`;
}

/** Undefined where the store refuses to say, as it does outside a privileged domain. */
async function unlessForbidden<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isStoreError(error, 'EACCES')) return undefined;
    throw error;
  }
}

function refusal(name: string, text: string, details: readonly string[]): ReconnectPreview {
  return { verdict: 'refuse', method: name, text, details, lost: [] };
}

/** What each request must carry. Editors are foreign too: nothing is used before it was checked here. */
import path from 'node:path';
import { XenscopeError } from '../host/errors';
import { offeredFeatureNames } from '../wire/offeredFeatures';
import { isNodePath, isSpecialPath } from '../wire/xsPath';
import type { ApiRequests, RequestName } from './api';
import { domainActs } from './worldFeed';

/** Undefined when the value is right, else how to go on after the field's name: `must be …`. */
type Check = (value: unknown) => string | undefined;
type Fields<Params> = { readonly [Key in keyof Params]-?: Check };
type Shapes = { readonly [Name in RequestName]: Fields<ApiRequests[Name]['params']> | null };

const maxTextCharacters = 65_536;
const maxListEntries = 10_000;

const text: Check = (value) =>
  typeof value === 'string' && value.length <= maxTextCharacters ? undefined : 'must be a text';
const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'must be true or false');
const count: Check = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : 'must be a whole number from 0';
const amount: Check = (value) =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? undefined : 'must be a number from 0';
const number: Check = (value) => (typeof value === 'number' ? undefined : 'must be a number');
const nodePath: Check = (value) =>
  typeof value === 'string' && isNodePath(value)
    ? undefined
    : 'must be the path of a node: /name/name with letters, digits and - _ @';
const watchPath: Check = (value) =>
  typeof value === 'string' && (isNodePath(value) || (isSpecialPath(value) && value.length <= 256))
    ? undefined
    : 'must be the path of a node, or a name such as @releaseDomain';
const absolutePath: Check = (value) =>
  typeof value === 'string' && path.isAbsolute(value) && value.length <= 4096 && !value.includes('\0')
    ? undefined
    : 'must be the whole path of a file';
const base64: Check = (value) =>
  typeof value === 'string' && value.length <= maxTextCharacters && /^[A-Za-z0-9+/]*={0,2}$/.test(value)
    ? undefined
    : 'must be bytes in base64';
const oneOf =
  (...words: readonly string[]): Check =>
  (value) =>
    words.includes(value as string) ? undefined : `must be one of ${words.join(', ')}`;
const listOf =
  (check: Check): Check =>
  (value) => {
    if (!Array.isArray(value) || value.length > maxListEntries) return 'must be a list';
    const problem = value.map(check).find((found) => found !== undefined);
    return problem && `must be a list in which each entry ${problem}`;
  };
const object =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) => {
    const problem = problemIn(value, fields);
    return problem && `is wrong: ${problem}`;
  };

/** Texts by their names, e.g. the fields of a form. */
const texts: Check = (value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'must have texts by their names';
  return listOf(text)(Object.values(value));
};

const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || value === null ? undefined : check(value);
const probability: Check = (value) =>
  typeof value === 'number' && value >= 0 && value <= 1 ? undefined : 'must be a number from 0 to 1';
const domidOrName: Check = (value) =>
  typeof value === 'number' ? count(value) : text(value) && 'must be the number or the name of a domain';

const perm = object({ domid: count, read: flag, write: flag });
/** What it says is judged by the guard. */
const vchanPlan = object({
  role: oneOf('server', 'client'),
  actAs: optional(count),
  peer: count,
  path: text,
  leftBytes: optional(count),
  rightBytes: optional(count),
  persistent: optional(flag),
  waits: optional(flag),
  engine: optional(oneOf('own', 'libxenvchan')),
});

/** What they say is judged by the guard, and by whoever reads the form. */
const composerPlan: Check = (value) =>
  (value as { kind?: unknown } | null)?.kind === 'foreign'
    ? object({ kind: text, device: text })(value)
    : object({
        kind: oneOf('own', 'foreign'),
        actAs: optional(count),
        backend: count,
        edition: optional(oneOf('final', 'draft7')),
      })(value);
const composerDraft: Check = (value) =>
  (value as { kind?: unknown } | null)?.kind === 'raw'
    ? object({ kind: text, slot: text })(value)
    : object({ kind: oneOf('fields', 'raw'), command: text, fields: texts })(value);
const interceptSettings = object({
  isOn: flag,
  holdsOthers: flag,
  rules: listOf(object({ line: text, isEnabled: flag })),
});
/** Numbers that make no sense are told by whoever decides. */
const callDecision: Check = (value) => {
  switch ((value as { kind?: unknown } | null)?.kind) {
    case 'refuse':
      return object({ kind: text, ret: number })(value);
    case 'pretend':
      return object({ kind: text, peer: oneOf('echo', 'sink') })(value);
    default:
      return object({ kind: oneOf('pass', 'refuse', 'pretend', 'never') })(value);
  }
};

const nodeChange = object({ path: text, from: optional(text), to: optional(text) });
const deviceAct: Check = (value) => {
  const kinds = oneOf('reconnect', 'offline', 'online', 'forceClose', 'move', 'cleanUp');
  const isMove = (value as { kind?: unknown } | null)?.kind === 'move';
  return object({ kind: kinds, ...(isMove && { side: oneOf('frontend', 'backend'), to: count }) })(value);
};

/** Paths of acts are judged by the guard, which explains better. */
const act: Check = (value) => {
  switch ((value as { kind?: unknown } | null)?.kind) {
    case 'write':
      return object({ path: text, value: base64, create: flag, expected: optional(base64) })(value);
    case 'remove':
      return object({ path: text, knownFinal: optional(flag) })(value);
    case 'setPerms':
      return object({ path: text, perms: listOf(perm), expected: optional(listOf(perm)) })(value);
    case 'device':
      return object({ path: text, act: deviceAct, expected: optional(listOf(nodeChange)) })(value);
    default:
      return 'must have the kind write, remove, setPerms or device';
  }
};

const settings = {
  pace: amount,
  sockets: listOf(text),
  allowDomain0Edits: flag,
  rootServer: optional(text),
};
const host = { host: text };

export const initializeShape = {
  ...settings,
  apiVersion: count,
  seed: count,
  ringFeatures: optional(listOf(oneOf(...offeredFeatureNames))),
  firstId: optional(count),
};

const shapes: Shapes = {
  'xenscope/settings': settings,
  'xenscope/hosts': null,
  'xenscope/connect': host,
  'xenscope/disconnect': host,
  'xenscope/setPace': { ...host, pace: amount },
  'xenscope/domains': host,
  'xenscope/children': { ...host, path: nodePath, offset: count, limit: count },
  'xenscope/unobserve': { ...host, paths: listOf(text) },
  'xenscope/row': { ...host, path: nodePath },
  'xenscope/detail': { ...host, path: nodePath },
  'xenscope/names': { ...host, path: nodePath },
  'xenscope/dump': { ...host, path: nodePath, format: oneOf('text', 'json') },
  'xenscope/find': {
    ...host,
    text,
    regexp: flag,
    inPaths: flag,
    inValues: flag,
    under: nodePath,
    limit: count,
    serial: optional(count),
  },
  'xenscope/preview': { ...host, act },
  'xenscope/act': { ...host, act, confirmed: flag },
  'xenscope/undo': { ...host, undoId: count },
  'xenscope/watch': { ...host, path: watchPath },
  'xenscope/unwatch': { watchId: count },
  'xenscope/saveJournal': { ...host, file: absolutePath },
  'xenscope/rings': { ...host, intervalMs: amount },
  'xenscope/ringList': host,
  'xenscope/ringsStop': host,
  'xenscope/ring': { ...host, ring: text, intervalMs: amount },
  'xenscope/ringStop': { viewId: count },
  'xenscope/reconnectPreview': { ...host, ring: text },
  'xenscope/reconnect': { ...host, ring: text, serial: count, confirmed: flag, forced: optional(flag) },
  'xenscope/devices': host,
  'xenscope/devicesStop': host,
  'xenscope/deviceList': host,
  'xenscope/device': { ...host, device: text },
  'xenscope/deviceDoctor': host,
  'xenscope/deviceDoctorStop': host,
  'xenscope/deviceView': { ...host, device: text },
  'xenscope/deviceViewStop': { viewId: count },
  'xenscope/vchanChoices': host,
  'xenscope/vchanPreview': { ...host, plan: vchanPlan },
  'xenscope/vchanOpen': { ...host, plan: vchanPlan, confirmed: flag },
  'xenscope/vchanWatch': { ...host, ring: text },
  'xenscope/vchanSend': { ...host, consoleId: count, bytes: base64 },
  'xenscope/vchanReading': { ...host, consoleId: count, reads: flag, keepAll: flag },
  'xenscope/vchanEnd': { ...host, consoleId: count, how: oneOf('close', 'killed', 'vanished') },
  'xenscope/vchanForget': { ...host, consoleId: count },
  'xenscope/pvcalls': { ...host, intervalMs: amount },
  'xenscope/pvcallsStop': host,
  'xenscope/pvcallsList': host,
  'xenscope/pvcallsView': { ...host, device: text, intervalMs: amount },
  'xenscope/pvcallsViewStop': { viewId: count },
  'xenscope/composerChoices': host,
  'xenscope/composerPreview': { ...host, plan: composerPlan },
  'xenscope/composerOpen': { ...host, plan: composerPlan, confirmed: flag },
  'xenscope/composerCheck': { ...host, composerId: count, draft: composerDraft },
  'xenscope/composerCall': {
    ...host,
    composerId: count,
    draft: composerDraft,
    confirmed: optional(flag),
  },
  'xenscope/composerSend': { ...host, composerId: count, id: text, bytes: base64 },
  'xenscope/composerReading': { ...host, composerId: count, id: text, reads: flag, keepAll: flag },
  'xenscope/composerEndSending': { ...host, composerId: count, id: text },
  'xenscope/composerAbandon': { ...host, composerId: count, id: text },
  'xenscope/composerEnd': { ...host, composerId: count, how: oneOf('close', 'killed') },
  'xenscope/composerForget': { ...host, composerId: count },
  'xenscope/interceptChoices': { ...host, device: optional(text) },
  'xenscope/intercept': { ...host, domid: count },
  'xenscope/interceptStop': { viewId: count },
  'xenscope/interceptSet': { ...host, domid: count, settings: interceptSettings },
  'xenscope/interceptDecide': {
    ...host,
    domid: count,
    call: count,
    decision: callDecision,
    delayMs: amount,
  },
  'xenscope/interceptCheck': { line: text },
  'xenscope/servingPreview': { ...host, allow: listOf(text) },
  'xenscope/servingOpen': { ...host, allow: listOf(text), confirmed: flag },
  'xenscope/servingClose': host,
  'xenscope/world': host,
  'xenscope/hold': host,
  'xenscope/resume': host,
  'xenscope/step': host,
  'xenscope/setFault': { ...host, name: text, probability, domid: optional(count) },
  'xenscope/domainAct': { ...host, act: oneOf(...domainActs), who: domidOrName },
};

export function isRequestName(name: string): name is RequestName {
  return Object.hasOwn(shapes, name);
}

/** Throws a sentence when `params` is not what the request needs. */
export function checkParams(name: RequestName, params: unknown): void {
  const fields = shapes[name];
  if (fields) checkFields(name, params, fields as Readonly<Record<string, Check>>);
}

export function checkFields(what: string, value: unknown, fields: Readonly<Record<string, Check>>): void {
  const problem = problemIn(value, fields);
  if (problem) throw new XenscopeError('input', `${what}: ${problem}.`);
}

function problemIn(value: unknown, fields: Readonly<Record<string, Check>>): string | undefined {
  if (typeof value !== 'object' || value === null) return 'the parameters are missing';
  for (const [name, check] of Object.entries(fields)) {
    const problem = check((value as Record<string, unknown>)[name]);
    if (problem) return `${name} ${problem}`;
  }
  return undefined;
}

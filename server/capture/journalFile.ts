/**
 * A journal as a file: lines of JSON, the first one saying what it is and in which version, then one
 * for each entry in the order of their numbers. Octets are base64.
 */
import { XenscopeError } from '../host/errors';
import type { HostRecorder } from '../host/host';
import type { Journal } from './journal';
import type { EntryBody, JournalEntry } from './journalEntry';

export const journalFormat = 'xenscope-journal';
/** 2 has admissions besides, 3 rings of slots; all that older versions say is said in the same way. */
export const journalVersion = 3;
const readVersions: readonly unknown[] = [1, 2, journalVersion];

/** A message of 4112 octets in base64, and all else that a line says. */
export const maxLineChars = 16_384;
export const maxFileEntries = 1_000_000;

export interface JournalFile {
  /** Entries #1 to this were dropped before it was written. */
  readonly droppedEntries: number;
  readonly entries: readonly JournalEntry[];
  /** The file is damaged from this line on (counted from 1), and was read up to it. */
  readonly damage?: { readonly line: number; readonly reason: string };
}

/** The lines of a file, each with its line feed: for a stream, so that nobody holds them all. */
export function* journalLines(journal: Journal): Generator<string> {
  const { entries } = journal.dropped;
  yield line({ format: journalFormat, version: journalVersion, droppedEntries: entries });
  for (const entry of journal.entries()) yield line(entry);
}

export function recorderOf(journal: Journal): HostRecorder {
  return {
    get droppedEntries() {
      return journal.dropped.entries;
    },
    lines: () => journalLines(journal),
  };
}

/**
 * Reads a file back. Throws a XenscopeError `input` when it is no journal, or of a version that is
 * not known; what is damaged further down ends the reading, and is told.
 */
export function readJournalFile(text: string): JournalFile {
  const { droppedEntries, end } = readHead(text);
  const entries: JournalEntry[] = [];
  let lastN = 0;
  let number = 1;
  for (let at = end; at < text.length;) {
    number++;
    const feed = text.indexOf('\n', at);
    const lineEnd = feed === -1 ? text.length : feed;
    const result: JournalEntry | string =
      entries.length >= maxFileEntries
        ? `there are more than ${maxFileEntries} entries`
        : lineEnd - at > maxLineChars
          ? `the line is longer than ${maxLineChars} characters`
          : parseEntry(text.slice(at, lineEnd), lastN);
    if (typeof result === 'string')
      return { droppedEntries, entries, damage: { line: number, reason: result } };
    entries.push(result);
    lastN = result.n;
    at = lineEnd + 1;
  }
  return { droppedEntries, entries };
}

function readHead(text: string): { droppedEntries: number; end: number } {
  const feed = text.slice(0, maxLineChars).indexOf('\n');
  const end = feed === -1 ? Math.min(text.length, maxLineChars) : feed;
  const head = parseObject(text.slice(0, end));
  if (head?.format !== journalFormat) {
    throw new XenscopeError('input', 'This is no journal of Xenscope: its first line does not say so.', {
      wayOut: 'Choose a file that was written by an export of the journal.',
    });
  }
  if (!readVersions.includes(head.version)) {
    const found =
      typeof head.version === 'number' ? `version ${head.version}` : 'a version that is no number';
    throw new XenscopeError(
      'input',
      `This journal has ${found}; only the versions ${readVersions.join(', ')} can be read.`,
      {
        wayOut: 'Open it with the Xenscope that wrote it, or a newer one.',
      },
    );
  }
  return { droppedEntries: isCount(head.droppedEntries) ? head.droppedEntries : 0, end: end + 1 };
}

function line(value: object): string {
  const text = JSON.stringify(value, (_key, field: unknown) =>
    field instanceof Uint8Array
      ? Buffer.from(field.buffer, field.byteOffset, field.length).toString('base64')
      : field,
  );
  return `${text}\n`;
}

type Fields = Record<string, unknown>;

function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Fields)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The entry, or what is wrong with the line. */
function parseEntry(text: string, lastN: number): JournalEntry | string {
  const fields = parseObject(text);
  if (!fields) return 'the line is no JSON object';
  const { n, timeMs, domid, source } = fields;
  if (!isCount(n) || n <= lastN) return 'its number does not follow the one before';
  if (typeof timeMs !== 'number' || !isCount(domid) || typeof source !== 'string') {
    return 'it does not say when and where it was seen';
  }
  const body = parseBody(fields);
  return typeof body === 'string' ? body : { n, timeMs, domid, source, ...body };
}

type Check = (value: unknown) => boolean;
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isText: Check = (value) => typeof value === 'string';
const isNumber: Check = (value) => typeof value === 'number';
const isTruth: Check = (value) => typeof value === 'boolean';
const isOneOf =
  (...values: readonly string[]): Check =>
  (value) =>
    values.includes(value as string);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

const anyLayer = isOneOf('connection', 'ring');
const ring = isOneOf('ring');
const direction = isOneOf('req', 'rsp', 'in', 'out', 'left', 'right');
const pair = { layer: ring, direction, prod: isCount, cons: isCount };
const slotPair = { layer: ring, reqProd: isCount, rspProd: isCount };
const connection = { layer: isOneOf('connection'), text: optional(isText) };
const page = { layer: ring, text: optional(isText) };

/** What each kind of entry must say; whatever else stands in the line is left out. */
const shapes: Readonly<Record<EntryBody['kind'], Readonly<Record<string, Check>>>> = {
  message: {
    layer: anyLayer,
    role: isOneOf('request', 'reply', 'event'),
    bytes: isText,
    isDoubtful: isTruth,
  },
  lost: {
    layer: anyLayer,
    role: isOneOf('request', 'reply'),
    lostBytes: isCount,
    reason: isOneOf('gap', 'middle', 'garbage', 'restart'),
  },
  movement: { ...pair, producedBytes: isCount, consumedBytes: isCount, unseenBytes: isCount },
  reset: pair,
  insane: pair,
  slots: { ...slotPair, requests: isCount, responses: isCount },
  slotsReset: slotPair,
  slotsInsane: slotPair,
  state: { layer: ring, word: isText, before: optional(isCount), after: isCount },
  notify: { layer: ring, to: isOneOf('guest', 'server'), times: isCount },
  opened: connection,
  restarted: connection,
  closed: connection,
  appeared: page,
  gone: page,
  admission: {
    layer: isOneOf('world'),
    number: isCount,
    afterMove: isCount,
    worldTimeMs: isNumber,
    what: isOneOf('request', 'act', 'fault', 'pace', 'hold'),
    text: isText,
  },
};

function parseBody(fields: Fields): EntryBody | string {
  const { kind } = fields;
  const shape =
    typeof kind === 'string' && Object.hasOwn(shapes, kind) ? shapes[kind as EntryBody['kind']] : undefined;
  if (!shape) return 'it is of a kind that is not known';
  const body: Fields = { kind };
  for (const [name, check] of Object.entries(shape)) {
    if (!check(fields[name])) return `its ${name} cannot be`;
    if (fields[name] !== undefined) body[name] = fields[name];
  }
  if (kind === 'message') body.bytes = new Uint8Array(Buffer.from(fields.bytes as string, 'base64'));
  return body as unknown as EntryBody;
}

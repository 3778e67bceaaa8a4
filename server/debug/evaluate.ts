/**
 * What a person may ask while a world is held: a path of the store, a field of the message in hand
 * (`msg.path`), a word of a ring (`ring(3).req_prod`, `ring(3).req.used`). It only reads.
 */
import { XenscopeError } from '../host/errors';
import type { Observer } from '../host/observer';
import type { StoreClient } from '../host/storeClient';
import { childPath } from '../wire/xsPath';
import type { DebugConnection } from './connection';
import type { Field } from './field';
import { text } from './message';
import { headerFields, messageFields } from './messageFields';
import { ringSpaceFields, ringWordFields } from './ringFields';
import { ringWords, viewRing, type RingName, type RingWord } from './ringView';

export interface EvaluateContext {
  readonly store: StoreClient;
  readonly observer: Observer | undefined;
  /** Whose message is meant; undefined where none is chosen. */
  readonly connection: DebugConnection | undefined;
}

const wayOut = 'Ask for a path (/local/domain/0/name), msg.<field>, or ring(<domain>).<word>.';

/** Throws a XenscopeError: `input` for what cannot be asked, the store's own errors otherwise. */
export async function evaluate(expression: string, context: EvaluateContext): Promise<Field> {
  const wanted = expression.trim();
  if (wanted.startsWith('/')) return nodeField(wanted, wanted, context.store);
  if (/^msg(\.|$)/.test(wanted)) return messageField(wanted, context.connection);
  const ring = /^ring\(\s*(\d{1,5})\s*\)(?:\.(\w+)(?:\.(\w+))?)?$/.exec(wanted);
  if (ring) return ringField(wanted, Number(ring[1]), ring[2], ring[3], context.observer);
  throw new XenscopeError('input', `“${wanted}” is nothing that can be asked.`, { wayOut });
}

/** The node with its children, which are read when somebody looks into it. */
async function nodeField(path: string, name: string, store: StoreClient): Promise<Field> {
  const plain = path.length > 1 ? path.replace(/\/$/, '') : path;
  const [value, hasChildren] = await Promise.all([store.read(plain), store.hasChildren(plain)]);
  return {
    name,
    value: `"${text(value)}"`,
    type: 'node',
    evaluateName: plain,
    ...(hasChildren && { children: () => childFields(plain, store) }),
  };
}

const maxChildren = 1000;

async function childFields(path: string, store: StoreClient): Promise<Field[]> {
  const names = await store.directory(path);
  const fields = await Promise.all(
    names.slice(0, maxChildren).map((name) =>
      nodeField(childPath(path, name), name, store).catch((error: unknown): Field => {
        if (error instanceof XenscopeError) return { name, value: error.message };
        throw error;
      }),
    ),
  );
  if (names.length > maxChildren)
    fields.push({ name: 'more', value: `${names.length - maxChildren} more nodes` });
  return fields;
}

function messageField(expression: string, connection: DebugConnection | undefined): Field {
  const message = connection?.inHand;
  if (!message)
    throw new XenscopeError('input', 'There is no message in hand.', { wayOut: 'Choose a stack frame.' });
  const fields = [...messageFields(message), ...headerFields(message)];
  if (expression === 'msg') return { name: 'msg', value: message.said.operation, children: () => fields };
  const found = fields.find(({ evaluateName }) => evaluateName === expression);
  if (found) return found;
  throw new XenscopeError('input', `The message has no field “${expression.slice(4)}”.`, {
    wayOut: `It has ${fields.map(({ name }) => name).join(', ')}.`,
  });
}

function ringField(
  expression: string,
  domid: number,
  word: string | undefined,
  part: string | undefined,
  observer: Observer | undefined,
): Field {
  const view = viewRing(observer, domid);
  if (!view) throw new XenscopeError('input', `Domain ${domid} has no ring that can be seen.`);
  const words = ringWordFields(view);
  if (word === undefined) {
    return { name: expression, value: 'xenstore ring', children: () => [...words, ...ringSpaceFields(view)] };
  }
  if (part === undefined && ringWords.includes(word as RingWord)) {
    return words.find(({ name }) => name === word)!;
  }
  if ((word === 'req' || word === 'rsp') && (part === 'used' || part === 'free')) {
    return { name: expression, value: spaceText(view.occupancy(word satisfies RingName), part) };
  }
  throw new XenscopeError('input', `A ring has no “${[word, part].filter(Boolean).join('.')}”.`, {
    wayOut: `It has ${[...ringWords, 'req.used', 'req.free', 'rsp.used', 'rsp.free'].join(', ')}.`,
  });
}

function spaceText(
  fill: ReturnType<NonNullable<ReturnType<typeof viewRing>>['occupancy']>,
  part: 'used' | 'free',
): string {
  return fill.kind === 'sane' ? String(fill[part]) : `the indices cannot be: ${fill.distance} bytes apart`;
}

const maxCompletions = 200;

/** The paths that begin as `typed` does. Nothing where there is no such place. */
export async function completePath(typed: string, store: StoreClient): Promise<string[]> {
  const slash = typed.lastIndexOf('/');
  if (slash < 0) return [];
  const parent = slash === 0 ? '/' : typed.slice(0, slash);
  const start = typed.slice(slash + 1);
  try {
    const names = await store.directory(parent);
    return names
      .filter((name) => name.startsWith(start))
      .slice(0, maxCompletions)
      .map((name) => childPath(parent, name));
  } catch (error) {
    if (error instanceof XenscopeError) return [];
    throw error;
  }
}

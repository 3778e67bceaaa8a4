/** What counts as an exception: errors of the protocol, each kind of which can be stopped at. */
import { xsErrors, type XsErrorName } from '../../wire/errno';
import { isProblem, type Problem } from './conditions';

export const errorFilters = {
  errorReply: {
    label: 'Error Replies',
    description: 'The store answers a request with an error. Many are part of normal life.',
    isDefault: false,
    conditionDescription: 'Names of errors, e.g. EACCES EPERM, or !ENOENT for all but that',
  },
  protocol: {
    label: 'Protocol Violations',
    description: 'A message is longer than 4096 bytes, of an unknown type, or answers nothing.',
    isDefault: true,
    conditionDescription: undefined,
  },
  ringIndex: {
    label: 'Implausible Ring Indices',
    description: 'The indices of a ring are further apart than the ring is long.',
    isDefault: true,
    conditionDescription: undefined,
  },
  ringError: {
    label: 'Ring Error Word',
    description: 'The server gave a ring up and says so in its error word.',
    isDefault: true,
    conditionDescription: undefined,
  },
} as const;

export type ErrorFilterId = keyof typeof errorFilters;

function isErrorFilter(id: string): id is ErrorFilterId {
  return Object.hasOwn(errorFilters, id);
}

export type ErrorNameTest = (name: XsErrorName) => boolean;

/** `EACCES EPERM`, `!ENOENT`, `error == EACCES`, `error != ENOENT`; nothing means all. */
export function parseErrorNames(text: string): ErrorNameTest | Problem {
  const words = text
    .replace(/error\s*==\s*/gi, '')
    .replace(/error\s*!=\s*/gi, '!')
    .split(/[\s,|]+/)
    .filter(Boolean);
  const wanted = new Set<string>();
  const unwanted = new Set<string>();
  for (const word of words) {
    const name = word.replace(/^!/, '').toUpperCase();
    if (!(name in xsErrors)) return { problem: `xenstore knows no error “${word}”, e.g. EACCES or !ENOENT.` };
    (word.startsWith('!') ? unwanted : wanted).add(name);
  }
  return (name) => (wanted.size === 0 || wanted.has(name)) && !unwanted.has(name);
}

/** Which kinds of errors are stopped at now. */
export class ErrorFilters {
  readonly #active = new Map<ErrorFilterId, ErrorNameTest>();

  constructor() {
    for (const [id, { isDefault }] of Object.entries(errorFilters)) {
      if (isDefault) this.#active.set(id as ErrorFilterId, () => true);
    }
  }

  clear(): void {
    this.#active.clear();
  }

  /** Answers why it cannot be, if it cannot. */
  activate(id: string, condition = ''): Problem | undefined {
    if (!isErrorFilter(id)) return { problem: `There is no filter “${id}”.` };
    const names = id === 'errorReply' ? parseErrorNames(condition) : () => true;
    if (isProblem(names)) return names;
    this.#active.set(id, names);
    return undefined;
  }

  isActive(id: ErrorFilterId): boolean {
    return this.#active.has(id);
  }

  stopsAtReply(name: XsErrorName): boolean {
    return this.#active.get('errorReply')?.(name) ?? false;
  }
}

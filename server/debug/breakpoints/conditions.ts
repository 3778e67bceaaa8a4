/**
 * The words behind the name of a breakpoint, and in its condition: `dom=3`, `path=/local/**`, `tx=7`,
 * `error=EACCES`. All of them must hold.
 */
import { xsErrors } from '../../wire/errno';
import { messageOf, type Happening } from '../happening';

export type Condition = (happening: Happening) => boolean;

/** A mistake of a person: one sentence, what is wrong and what to do. */
export interface Problem {
  readonly problem: string;
}

export function isProblem(value: object): value is Problem {
  return 'problem' in value;
}

const keys = 'dom, path, tx and error';

export function parseConditions(text: string): Condition | Problem {
  const conditions: Condition[] = [];
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const [, key, value] = /^(\w+)==?(.+)$/.exec(word) ?? [];
    if (key === undefined || value === undefined) {
      return { problem: `“${word}” is no condition. Write key=value with the keys ${keys}.` };
    }
    const condition = conditionOf(key, value);
    if (isProblem(condition)) return condition;
    conditions.push(condition);
  }
  return (happening) => conditions.every((holds) => holds(happening));
}

function conditionOf(key: string, value: string): Condition | Problem {
  switch (key) {
    case 'dom': {
      if (!/^d?\d{1,5}$/.test(value)) return { problem: `dom takes the number of a domain, not “${value}”.` };
      const domid = Number(value.replace('d', ''));
      return ({ connection }) => connection?.of.domid === domid;
    }
    case 'tx': {
      if (!/^\d{1,10}$/.test(value))
        return { problem: `tx takes the number of a transaction, not “${value}”.` };
      return (happening) => messageOf(happening)?.txId === Number(value);
    }
    case 'path': {
      const pattern = pathPattern(value);
      return (happening) => {
        const said = messageOf(happening)?.said;
        return [said?.absolutePath, said?.path].some((path) => path !== undefined && pattern.test(path));
      };
    }
    case 'error':
      if (!(value in xsErrors)) return { problem: `xenstore knows no error “${value}”.` };
      return (happening) => messageOf(happening)?.said.error === value;
    default:
      return { problem: `There is no key “${key}”; the keys are ${keys}.` };
  }
}

/** `*` is a part of one component, `**` and `...` are any number of components. */
export function pathPattern(glob: string): RegExp {
  const pattern = glob
    .split(/(\*\*|\.\.\.|\*)/)
    .map((part) => {
      if (part === '**' || part === '...') return '.*';
      if (part === '*') return '[^/]*';
      return part.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
    })
    .join('');
  return new RegExp(`^${pattern}$`);
}

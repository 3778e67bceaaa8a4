/**
 * The test that a search applies. A regular expression from a person can take for ever on the wrong
 * text (`(a+)+$`), so it runs in batches under a time limit that the engine enforces.
 */
import { Script, createContext } from 'node:vm';
import { XenscopeError } from '../host/errors';

export const maxPatternCharacters = 500;
/** Per batch of a few thousand texts. */
export const maxMatchMs = 500;

/** Which of the texts match, by index. */
export type Matcher = (texts: readonly string[]) => readonly number[];

export function textMatcher(text: string): Matcher {
  const wanted = text.toLowerCase();
  return (texts) => indicesWhere(texts, (candidate) => candidate.toLowerCase().includes(wanted));
}

export function regexpMatcher(pattern: string): Matcher {
  if (pattern.length > maxPatternCharacters) {
    throw new XenscopeError(
      'input',
      `A regular expression may have ${maxPatternCharacters} characters at most.`,
    );
  }
  const context = createContext({ pattern, flags: flagsFor(pattern), texts: [] as readonly string[] });
  new Script('const expression = new RegExp(pattern, flags)').runInContext(context);
  const script = new Script('texts.flatMap((text, index) => (expression.test(text) ? [index] : []))');
  return (texts) => {
    context.texts = texts;
    try {
      return script.runInContext(context, { timeout: maxMatchMs }) as number[];
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      throw new XenscopeError('limit', 'This regular expression takes too long on some of the values.', {
        wayOut: 'Avoid repetitions inside repetitions, such as (a+)+.',
      });
    }
  };
}

/** With `u` a pattern may name letters of any script, but not escape what needs none, as in `foo\-bar`. */
function flagsFor(pattern: string): string {
  if (problemWith(pattern, 'iu') === undefined) return 'iu';
  const problem = problemWith(pattern, 'i');
  if (problem === undefined) return 'i';
  throw new XenscopeError('input', `This is no regular expression: ${problem}.`, {
    wayOut: 'Correct it, or search for plain text.',
  });
}

function problemWith(pattern: string, flags: string): string | undefined {
  try {
    new RegExp(pattern, flags);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^.*\/[a-z]*: /, '') : String(error);
  }
}

function indicesWhere(texts: readonly string[], test: (text: string) => boolean): number[] {
  const indices: number[] = [];
  for (const [index, text] of texts.entries()) if (test(text)) indices.push(index);
  return indices;
}

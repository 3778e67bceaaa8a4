/** How a message reads in a listing, in the console, and as the name of a stack frame. */
import type { Message } from './message';

const maxValueCharacters = 120;

/** `12:01:33.250  #17  → XS_WRITE device/vif/0/state = "4"  tx 3`. */
export function listingLine(message: Omit<Message, 'place'>): string {
  const { number, atMs, txId } = message;
  const time = new Date(atMs).toISOString().slice(11, 23);
  const transaction = txId === 0 ? '' : `  tx ${txId}`;
  return `${time}  #${number}  ${arrow(message)} ${sentence(message, 'long')}${transaction}`;
}

function arrow({ kind }: Pick<Message, 'kind'>): string {
  return kind === 'request' ? '→' : '←';
}

/** `XS_WRITE device/vif/0/state = "4"`, `OK to #17`, `EACCES to #17`, `XS_WATCH_EVENT …`. */
export function sentence(message: Omit<Message, 'place'>, form: 'long' | 'short'): string {
  const { said, kind, request, atMs } = message;
  if (kind === 'reply') {
    const answered = request ? ` to #${request.number}` : ', which nobody asked';
    const tookMs = request ? atMs - request.atMs : 0;
    // Much takes no time at all in a world.
    const took = form === 'long' && tookMs >= 0.1 ? ` after ${tookMs.toFixed(1)} ms` : '';
    return `${answer(said, form)}${answered}${took}`;
  }
  const path = said.path === undefined ? '' : ` ${said.path}`;
  if (said.value === undefined || said.value === '') return `${said.operation}${path}`;
  return said.path === undefined
    ? `${said.operation} ${clip(said.value)}`
    : `${said.operation}${path} = "${clip(said.value)}"`;
}

function answer({ error, value = '' }: Message['said'], form: 'long' | 'short'): string {
  if (error !== undefined) return error;
  if (value === 'OK') return value;
  return form === 'short' ? 'reply' : `"${clip(value)}"`;
}

function clip(value: string): string {
  return value.length > maxValueCharacters ? `${value.slice(0, maxValueCharacters)}…` : value;
}

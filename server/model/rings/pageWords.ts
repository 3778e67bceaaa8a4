/** The words of a ring page in words, and which bytes of the page are what. */
import { isIndexWord } from '../../capture/pageLayouts';
import type { PageSampler } from '../../capture/pageSampler';
import { FLEX_RING_ORDER_MAX, flexRingBytes } from '../../wire/flexRing';
import { pvcallsErrorName, pvcallsErrors } from '../../wire/pvcalls/errno';
import { ringSpans } from '../../wire/ringIndex';
import { xsRingErrorMeaning, xsRingFeaturesText } from '../../wire/xsRing';
import type { DirectionHistory } from './ringHistory';
import type { RingSegment, RingWord } from './ringTypes';

export function ringWords(page: PageSampler): RingWord[] {
  const { layout } = page.layout;
  const says = { xenstore: xenstoreSays, console: consoleSays, vchan: vchanSays, device: deviceSays }[
    page.layout.kind
  ];
  return Object.values(layout.fields).map((field) => {
    const { name, offsetBytes, widthBytes, meaning } = field;
    const value = page.field(field);
    const words = says(name, value);
    return { name, offsetBytes, widthBytes, value, meaning, ...(words === undefined ? {} : { says: words }) };
  });
}

function xenstoreSays(name: string, value: number): string | undefined {
  switch (name) {
    case 'server_features':
      return xsRingFeaturesText(value) ?? 'none offered';
    case 'connection':
      if (value === 0) return 'connected';
      return value === 1
        ? 'a reconnect is asked for'
        : 'no document names it; servers take it for a reconnect';
    case 'error':
      return xsRingErrorMeaning(value);
    case 'evtchn_port':
      return value === 0 ? 'unused' : undefined;
    default:
      return undefined;
  }
}

function consoleSays(name: string, value: number): string | undefined {
  if (name !== 'connection') return undefined;
  return value === 0 ? 'served' : value === 1 ? 'nobody serves it' : 'no document names it';
}

function vchanSays(name: string, value: number): string | undefined {
  switch (name) {
    case 'left_order':
    case 'right_order':
      // Indices have 32 bits: no ring can be longer than they count.
      return value < 32 ? `${(2 ** value).toLocaleString('en-US')} bytes` : 'longer than any ring can be';
    case 'cli_live':
      return value === 2
        ? 'nobody has come yet'
        : value === 1
          ? 'the client is there'
          : 'the client has left';
    case 'srv_live':
      return value === 1 ? 'the server is there' : 'the server has left';
    case 'cli_notify':
    case 'srv_notify':
      return value === 0 ? 'no ring is asked for' : vchanAsks(value);
    default:
      return undefined;
  }
}

function vchanAsks(bits: number): string {
  const asked = [(bits & 1) !== 0 && 'it has written', (bits & 2) !== 0 && 'it has read'].filter(Boolean);
  return `a ring is asked for when ${asked.join(' or ')}`;
}

function deviceSays(name: string, value: number): string | undefined {
  if (name.endsWith('_error')) return socketErrorSays(value | 0);
  if (name !== 'ring_order') return undefined;
  return value <= FLEX_RING_ORDER_MAX
    ? `${flexRingBytes(value).toLocaleString('en-US')} bytes each way`
    : 'longer than any ring can be';
}

/** The error word of a socket's ring. */
function socketErrorSays(ret: number): string {
  const name = pvcallsErrorName(ret);
  if (name === undefined) return ret === 0 ? 'no error' : `${ret}, which has no name`;
  return `${ret}, ${name}: ${pvcallsErrors[name].text}`;
}

/** Pieces that cover the page up to its last word. */
export function ringSegments(page: PageSampler, directions: readonly DirectionHistory[]): RingSegment[] {
  const { layout, usedBytes } = page.layout;
  const segments: RingSegment[] = [];
  if (page.layout.carries !== 'unseen') {
    for (const direction of directions) segments.push(...arraySegments(direction));
  }
  for (const { name, offsetBytes, widthBytes } of Object.values(layout.fields)) {
    const role = isIndexWord(name) ? 'index' : 'state';
    segments.push({ start: offsetBytes, end: offsetBytes + widthBytes, role, name });
  }
  return withoutGaps(segments, usedBytes);
}

function arraySegments({ layout, insane, isVoid, cons, usedBytes }: DirectionHistory): RingSegment[] {
  const { name, offsetBytes, sizeBytes } = layout;
  // By indices that cannot be nothing can be told apart.
  if (insane || isVoid) return [{ start: offsetBytes, end: offsetBytes + sizeBytes, role: 'unused', name }];
  const pieces = (from: number, length: number, role: 'queued' | 'consumed') =>
    ringSpans(from, length, sizeBytes).map((span): RingSegment => {
      const start = offsetBytes + span.offset;
      return { start, end: start + span.length, role, name };
    });
  return [
    ...pieces(cons, usedBytes, 'queued'),
    ...pieces((cons + usedBytes) >>> 0, sizeBytes - usedBytes, 'consumed'),
  ];
}

function withoutGaps(segments: readonly RingSegment[], end: number): RingSegment[] {
  const sorted = [...segments].sort((a, b) => a.start - b.start);
  const whole: RingSegment[] = [];
  let at = 0;
  for (const segment of sorted) {
    if (segment.start > at) whole.push({ start: at, end: segment.start, role: 'unused' });
    whole.push(segment);
    at = segment.end;
  }
  if (at < end) whole.push({ start: at, end, role: 'unused' });
  return whole;
}

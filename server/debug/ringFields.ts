/** What can be looked at in a ring page. */
import {
  XS_REQ_OFFSET,
  XS_RING_BYTES,
  XS_RING_PAGE,
  XS_RSP_OFFSET,
  xsRingErrorMeaning,
  xsRingFeaturesText,
} from '../wire/xsRing';
import { numberText, type Field } from './field';
import { addressText, pageAddress } from './memory';
import { ringWords, type RingName, type RingView, type RingWord } from './ringView';

/** All words of the page. Their names are those that `evaluate` takes behind `ring(<domain>).`. */
export function ringWordFields(view: RingView): Field[] {
  const { domid } = view.page;
  return ringWords.map((name) => ({
    name,
    value: `${numberText(view.word(name))}${meaning(view, name)}`,
    type: 'uint32_t',
    evaluateName: `ring(${domid}).${name}`,
    memoryReference: wordAddress(view, name),
  }));
}

function wordAddress({ page }: RingView, name: RingWord): string {
  return addressText(pageAddress(page) + BigInt(XS_RING_PAGE.fields[name].offsetBytes));
}

function meaning(view: RingView, name: RingWord): string {
  const value = view.word(name);
  switch (name) {
    case 'server_features':
      return ` ${xsRingFeaturesText(value) ?? 'none'}`;
    case 'connection':
      return value === 0 ? ' connected' : ' the guest asks for a reconnect';
    case 'error':
      return ` ${xsRingErrorMeaning(value)}`;
    default:
      return '';
  }
}

/** How full both rings are. */
export function ringSpaceFields(view: RingView): Field[] {
  return [spaceField(view, 'req', 'requests'), spaceField(view, 'rsp', 'replies')];
}

function spaceField(view: RingView, ring: RingName, what: string): Field {
  const fill = view.occupancy(ring);
  const start = pageAddress(view.page) + BigInt(ring === 'req' ? XS_REQ_OFFSET : XS_RSP_OFFSET);
  const value = view.isReconnecting
    ? 'being connected anew: the indices mean nothing'
    : fill.kind === 'sane'
      ? `${fill.used} of ${XS_RING_BYTES} bytes wait, ${fill.free} are free`
      : `the indices cannot be: ${fill.distance} bytes apart in a ring of ${XS_RING_BYTES}`;
  return {
    name: what,
    value,
    evaluateName: `ring(${view.page.domid}).${ring}.used`,
    memoryReference: addressText(start),
  };
}

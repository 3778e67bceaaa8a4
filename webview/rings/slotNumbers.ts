/** A ring of requests and responses in numbers and sentences. */
import type { RingSlotsDetail, RingSlotsState } from '../../server/rpc/api';
import { grouped, hex32, percent } from './numbers';
import type { PictureState } from './geometry';

/** `4 of 32 slots in flight, 13 %`, or why nothing can be said. */
export function slotsOccupancyText(state: RingSlotsState): string {
  const { inFlight, slots, insane, isPosted, reqProd, rspProd } = state;
  if (insane)
    return `indices ${grouped((reqProd - rspProd) >>> 0)} apart in a ring of ${grouped(slots)} slots`;
  const what = isPosted ? 'slots hold posted buffers' : 'slots in flight';
  return `${grouped(inFlight)} of ${grouped(slots)} ${what}, ${percent(inFlight, slots)} %`;
}

export function rawSlotIndices({ reqProd, rspProd, reqEvent, rspEvent }: RingSlotsState): string {
  return `req_prod ${hex32(reqProd)}, rsp_prod ${hex32(rspProd)}, req_event ${hex32(reqEvent)}, rsp_event ${hex32(rspEvent)}`;
}

export function slotRatesText({ requestsPerSecond, responsesPerSecond }: RingSlotsState): string {
  return `frontend asks ${perSecond(requestsPerSecond)} · backend answers ${perSecond(responsesPerSecond)}`;
}

function perSecond(rate: number): string {
  return rate > 0 && rate < 9.95 ? `${rate.toFixed(1)}/s` : `${grouped(rate)}/s`;
}

/** What each side has asked to be told of: all that is known of how far it has looked. */
export function sidesText({ insane, isBackendIdle, isFrontendIdle }: RingSlotsState): string {
  if (insane) return 'How far either side has looked cannot be told.';
  const backend = isBackendIdle
    ? 'The backend has taken all requests and sleeps.'
    : 'How many requests the backend has taken only it knows.';
  const frontend = isFrontendIdle
    ? 'The frontend has taken all responses and sleeps.'
    : 'How many responses the frontend has taken only it knows.';
  return `${backend} ${frontend}`;
}

export function slotCountText({ requests, responses, resets }: RingSlotsDetail): string {
  const least = resets > 0 ? 'at least ' : '';
  const counted = `${least}${grouped(requests)} requests and ${least}${grouped(responses)} responses since Xenscope began to look`;
  if (resets === 0) return counted;
  return `${counted}; indices set anew ${resets === 1 ? 'once' : `${grouped(resets)} times`}`;
}

/** Everything that the picture shows. */
export function slotPictureText(state: RingSlotsState): string {
  const { reqProd, rspProd, slots, insane } = state;
  const sentences = ['Requests: frontend → backend.', `${slotsOccupancyText(state)}.`];
  if (!insane) {
    sentences.push(
      `The next request goes to slot ${grouped(reqProd % slots)}, the next response to slot ${grouped(rspProd % slots)}.`,
    );
  }
  sentences.push(`${slotRatesText(state)}.`);
  return sentences.join(' ');
}

/** As the picture wants it: requests are what waits. */
export function slotPicture({ reqProd, rspProd, inFlight, slots, insane }: RingSlotsState): PictureState {
  return {
    producer: 'frontend',
    consumer: 'backend',
    prod: reqProd,
    cons: rspProd,
    used: inFlight,
    size: slots,
    insane,
    unknown: false,
  };
}

/**
 * Connecting a ring anew, by hand: which way there is on this host, and what it costs. What cannot
 * be done here is explained and not offered.
 */
import { XenscopeError } from '../host/errors';
import type { Host } from '../host/host';
import type { StoreClient } from '../host/storeClient';
import type { ReconnectReport, ReconnectStep } from '../host/worldControl';
import type { RingRow } from '../model/rings/ringTypes';
import { XsRingFeature } from '../wire/xsRing';
import { performOnRealHost, previewOnRealHost, type RealReconnect } from './realReconnect';
import type { ReconnectPreview } from './reconnectPreview';

export interface ReconnectTarget {
  readonly host: Host;
  readonly store: StoreClient;
  readonly ring: Pick<RingRow, 'kind' | 'domid' | 'directions'>;
  readonly nameDomain: (domid: number) => string;
}

export async function previewReconnect(target: ReconnectTarget): Promise<ReconnectPreview> {
  const { host, ring, nameDomain } = target;
  const owner = nameDomain(ring.domid);
  if (ring.kind === 'vchan') {
    return refusal('Vchan', `The vchan of ${owner} cannot be connected anew from outside.`, [
      'Its server decides: one that is persistent takes the next client, any other has to be started again.',
    ]);
  }
  if (ring.kind === 'device') {
    return refusal('Device', `A ring of a device of ${owner} is connected anew with its device.`, [
      'Both ends close the device and begin again: the states of frontend and backend go through Closed.',
    ]);
  }
  if (ring.kind !== 'xenstore')
    return refusal('Console', `The console ring of ${owner} cannot be connected anew.`, [
      'Its page has no word for it: both sides simply go on from where the indices stand.',
    ]);
  if (!host.world) return previewOnRealHost(realTarget(target));
  const inWorld = host.world.ring(ring.domid);
  if (!inWorld) {
    return refusal(
      'No ring in use',
      `${owner} does not use its ring now, so there is nothing to connect anew.`,
      [
        ring.domid === 0
          ? 'Domain 0 speaks with its xenstored through a socket.'
          : 'It is being built, was shut down, or has not been introduced to the xenstored yet.',
      ],
    );
  }
  if ((inWorld.features & XsRingFeature.RECONNECTION) === 0) {
    return refusal(
      'Reconnection feature',
      `The xenstored of this world does not offer a reconnect to ${owner}.`,
      [
        `server_features is 0x${inWorld.features.toString(16)}, without the mask 0x${XsRingFeature.RECONNECTION.toString(16)} of the reconnection feature; a guest may only ask where that is set.`,
        'Rebooting the guest gives it a new page and a new connection.',
      ],
    );
  }
  return asTheGuest(owner, ring, inWorld.watches, host.world.isHeld);
}

function asTheGuest(
  owner: string,
  ring: ReconnectTarget['ring'],
  watches: number,
  isHeld: boolean,
): ReconnectPreview {
  const details = [
    `Acting as ${owner}: set the word connection to 1, ring the doorbell, and touch nothing else until the xenstored sets it back to 0.`,
    'The xenstored drops everything of the old connection, empties both rings and answers.',
    'The xenstored of this world offers this as oxenstored does; the xenstored written in C never does.',
  ];
  if (isHeld) details.push('The world is held: the handshake goes on when you step or resume it.');
  return {
    verdict: 'confirm',
    method: 'Reconnection feature, as the guest',
    text: `${owner} connects to the xenstored anew, on the same page and the same event channel.`,
    details,
    lost: [
      watches === 1
        ? '1 watch, which the guest sets again'
        : `${watches} watches, which the guest sets again`,
      'Transactions that are open, with all that was written in them',
      ...ring.directions.map(inFlight),
    ],
  };
}

function inFlight({ name, usedBytes, insane, unknown, consumer }: RingRow['directions'][number]): string {
  const what = name === 'req' ? 'Requests' : 'Replies and events';
  if (insane) return `${what} in flight: how many nobody can tell, the indices cannot be`;
  if (unknown) return `${what} in flight: how many nobody can tell while a reconnect is under way`;
  const waiting =
    usedBytes === 0 ? 'none wait in the ring now' : `${usedBytes} bytes that ${consumer} has not read`;
  return `${what} in flight: ${waiting}`;
}

function realTarget({ host, store, ring, nameDomain }: ReconnectTarget): RealReconnect {
  const inFlightText = ring.directions.map(inFlight);
  return { host, store, domid: ring.domid, owner: nameDomain(ring.domid), inFlight: inFlightText };
}

function refusal(method: string, text: string, details: readonly string[]): ReconnectPreview {
  return { verdict: 'refuse', method, text, details, lost: [] };
}

export interface Consent {
  /** The preview was read and agreed to. */
  readonly confirmed: boolean;
  /** What the preview refuses and lets a person override shall be done all the same. */
  readonly forced: boolean;
}

/** Throws a XenscopeError `refused` where the preview would not offer it, or nobody agreed to it. */
export async function performReconnect(
  target: ReconnectTarget,
  { confirmed, forced }: Consent,
  onStep: (step: ReconnectStep) => void,
): Promise<ReconnectReport> {
  const { verdict, text, details, force } = await previewReconnect(target);
  const isOverridden = forced && force !== undefined;
  if (verdict === 'refuse' && !isOverridden) {
    throw new XenscopeError('refused', text, { wayOut: details[0] });
  }
  if (!confirmed) {
    throw new XenscopeError('refused', 'A reconnect costs the guest its watches and transactions.', {
      wayOut: 'Read what is lost, and confirm it.',
    });
  }
  const { host, ring } = target;
  return host.world
    ? host.world.reconnect(ring.domid, { onStep })
    : performOnRealHost(realTarget(target), onStep);
}

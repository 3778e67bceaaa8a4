/**
 * What the store of a world can be told to offer on its rings, by the names that a person writes. The
 * other features of `server_features` are of no use to a guest that is simulated.
 */
import { XsRingFeature } from './xsRing';

const bits = { reconnection: XsRingFeature.RECONNECTION, 'error-word': XsRingFeature.ERROR } as const;

export type OfferedFeature = keyof typeof bits;

export const offeredFeatureNames = Object.keys(bits) as readonly OfferedFeature[];

/** The same list; undefined where a name is not known. */
export function offeredFeatures(names: readonly unknown[]): readonly OfferedFeature[] | undefined {
  const isKnown = (name: unknown): name is OfferedFeature =>
    typeof name === 'string' && Object.hasOwn(bits, name);
  return names.every(isKnown) ? names : undefined;
}

/** Values of XsRingFeature, or-ed. */
export function offeredFeatureBits(names: readonly OfferedFeature[]): number {
  return names.reduce((features, name) => features | bits[name], 0);
}

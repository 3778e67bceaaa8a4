/** What the store of a world offers on rings, as a person writes it on the command line. */
import { InvalidArgumentError } from 'commander';
import { offeredFeatureBits, offeredFeatureNames, offeredFeatures } from '../wire/offeredFeatures';

/** Values of XsRingFeature, or-ed. */
export function ringFeatures(text: string): number {
  const features = offeredFeatures(text === 'none' ? [] : text.split(','));
  if (features) return offeredFeatureBits(features);
  throw new InvalidArgumentError(`It must be none, or of ${offeredFeatureNames.join(',')} one or both.`);
}

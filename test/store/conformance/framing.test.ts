import { describeOnOurs } from './ours';

describeOnOurs('framing');

import { describeOnOurs } from './ours';

describeOnOurs('events');

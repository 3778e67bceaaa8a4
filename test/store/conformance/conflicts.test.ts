import { describeOnOurs } from './ours';

describeOnOurs('conflicts');

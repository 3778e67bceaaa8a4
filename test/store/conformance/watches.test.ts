import { describeOnOurs } from './ours';

describeOnOurs('watches');

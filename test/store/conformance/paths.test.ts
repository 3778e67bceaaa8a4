import { describeOnOurs } from './ours';

describeOnOurs('paths');

import { describeOnOurs } from './ours';

describeOnOurs('permissions');

import { describeOnOurs } from './ours';

describeOnOurs('quotas');

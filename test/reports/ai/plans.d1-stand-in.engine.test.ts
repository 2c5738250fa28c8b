import { describePlans } from './plans.ts';

describePlans(100_000);

import { describePlans } from './plans.ts';

describePlans(400_000);

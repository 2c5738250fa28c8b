import { describeSweep } from './retention-sweep.ts';

describeSweep(1);

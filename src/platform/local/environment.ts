import { refusal } from './refusal.ts';

export interface Environment {
  readonly port: number;
  readonly stateDir: string;
  readonly crons: boolean;
  readonly testClock: boolean;
  readonly databaseUrl?: string;
  readonly bootstrapAdminKey?: string;
}

/** An empty variable counts as absent. */
export function readEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  return {
    port: readPort(env.PORT || '8787'),
    stateDir: env.STATE_DIR || '.meterbook',
    crons: readSwitch('CRON', env.CRON || 'on'),
    testClock: readSwitch('TEST_CLOCK', env.TEST_CLOCK || 'off'),
    ...(env.DATABASE_URL && { databaseUrl: env.DATABASE_URL }),
    ...(env.BOOTSTRAP_ADMIN_KEY && { bootstrapAdminKey: env.BOOTSTRAP_ADMIN_KEY }),
  };
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (port < 0 || port > 65_535) throw refusal(`PORT must be a number from 0 to 65535, not ${text}.`);
  return port;
}

function readSwitch(name: string, text: string): boolean {
  if (text === 'on') return true;
  if (text === 'off') return false;
  throw refusal(`${name} must be on or off, not ${text}.`);
}

import { writeFileSync, appendFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openSuite } from '../invoicing/ledger-of-suite.ts';
import { importEcbRates } from '../../src/fx/import-ecb-rates.ts';
import { parseEcbRates } from '../../src/fx/parse-ecb-rates.ts';
import { bytesOf, dayAt, histOf } from './fx.ts';
test('full', async () => {
  const suite = await openSuite('fxtmp');
  const codes = 'BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB FJD FKP GBP GEL GHS'.split(' ');
  const file = (n: number) => histOf(codes, Array.from({ length: n }, (_, d) => [dayAt('1999-01-04', d), ...codes.map((_, c) => `${c + 1}.${1000 + (d % 9000)}`)] as const));
  writeFileSync('/tmp/fxperf', '');
  let base = suite.ctx('2026-11-21T00:00:00Z');
  for (const n of [7000, 7000, 7001]) {
    const body = file(n);
    let t = performance.now();
    parseEcbRates(body);
    const parse = performance.now() - t;
    t = performance.now();
    const r = await importEcbRates(base, bytesOf(body));
    appendFileSync('/tmp/fxperf', `${body.length} parse ${parse} all ${performance.now() - t} ${r.imported}\n`);
  }
  const { rows } = await suite.owner.query('SELECT count(*) FROM exchange_rates');
  let t = performance.now();
  await suite.owner.query("BEGIN; INSERT INTO exchange_rates (id, base_currency, target_currency, rate, effective_from, effective_to, source) SELECT gen_random_uuid(), 'XAF', target_currency, rate, effective_from, effective_to, source FROM exchange_rates WHERE target_currency IN ('BMD','BND','BOB'); ROLLBACK");
  appendFileSync('/tmp/fxperf', `21k inserts in sql ${performance.now() - t}\n`);
  t = performance.now();
  await suite.owner.query("BEGIN; ALTER TABLE exchange_rates DROP CONSTRAINT exchange_rates_no_overlap; INSERT INTO exchange_rates (id, base_currency, target_currency, rate, effective_from, effective_to, source) SELECT gen_random_uuid(), 'XAF', target_currency, rate, effective_from, effective_to, source FROM exchange_rates WHERE target_currency IN ('BMD','BND','BOB'); ROLLBACK");
  appendFileSync('/tmp/fxperf', `21k without constraint ${performance.now() - t}\n`);
  expect(rows).toHaveLength(1);
  await suite.close();
}, 120000);

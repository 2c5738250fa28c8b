/** The seed of the price book equals what the library in the lock file contains, and nothing beyond it. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readPrice } from '../../../src/ai/prices/model-price.ts';
import { readLibrary, readSeed, seedText } from '../../../src/platform/local/generate-model-prices.ts';

const SEED_FILE = 'migrations/seed/model-prices.json';
const MIGRATION = 'migrations/postgres/0007_model_price_guards.sql';
const seed = readSeed();
const modelOf = (provider: string, model: string) => seed[provider]?.[model];

describe('the seed', () => {
  test('is what the generator makes of the library, to the byte', async () => {
    expect(seedText(await readLibrary())).toBe(readFileSync(SEED_FILE, 'utf8'));
  });

  test('is what the migration loads, with its source and version', () => {
    const { version } = JSON.parse(readFileSync('node_modules/@pydantic/genai-prices/package.json', 'utf8'));
    const sql = readFileSync(MIGRATION, 'utf8');
    expect(sql).toContain(`$prices$${readFileSync(SEED_FILE, 'utf8').trim()}$prices$`);
    expect(sql).toContain(`'genai-prices', '${version}'`);
  });

  test('holds plain decimals that the book takes as they are', () => {
    const texts = Object.values(seed).flatMap((models) =>
      Object.values(models).flatMap((rows) => rows.map(([, text]) => text)),
    );
    expect(texts.length).toBeGreaterThan(4000);
    expect(texts.filter((text) => readPrice(text) !== text)).toEqual([]);
  });

  test.each<[string, string, string, unknown]>([
    [
      'a model by its own name',
      'anthropic',
      'claude-haiku-4-5',
      [
        ['input', '1'],
        ['output', '5'],
        ['cache_read', '0.1'],
        ['cache_write_5m', '1.25'],
        ['cache_write_1h', '2'],
      ],
    ],
    [
      'steps from one token above where the library has them',
      'anthropic',
      'claude-sonnet-4-5-20250929',
      expect.arrayContaining([
        ['input', '3'],
        ['input', '6', 200_001],
      ]),
    ],
    [
      'a step that ended',
      'anthropic',
      'claude-sonnet-4-6',
      expect.arrayContaining([
        ['input', '3'],
        ['input', '6', 200_001, null, '2026-03-13'],
      ]),
    ],
    [
      'a price that a date changed, and one that it did not',
      'openai',
      'o3',
      [
        ['input', '10', 0, null, '2025-06-10'],
        ['output', '40', 0, null, '2025-06-10'],
        ['cache_read', '0.5'],
        ['input', '2', 0, '2025-06-10', null],
        ['output', '8', 0, '2025-06-10', null],
      ],
    ],
  ])('has %s', (_, provider, model, rows) => {
    expect(modelOf(provider, model)).toEqual(rows);
  });

  test.each([
    ['a name that only begins like a model', 'anthropic', 'claude-sonnet-5-mega-2027'],
    ['a price by the time of day', 'deepseek', 'deepseek-chat'],
    ['a model that costs more than its tokens', 'mistral', 'mistral-ocr-latest'],
  ])('has no rows for %s', (_, provider, model) => {
    expect(modelOf(provider, model)).toBeUndefined();
  });
});

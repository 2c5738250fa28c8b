import { expect, test } from 'vitest';
import { createAdmission, REQUESTS_PER_QUESTION } from '../../src/ingest/admission.ts';

/** A limiter that admits `limit` questions per key and counts them. */
function limiterOf(limit: number) {
  const asked = new Map<string, number>();
  const ask = async (key: string): Promise<boolean> => {
    const n = (asked.get(key) ?? 0) + 1;
    asked.set(key, n);
    return n <= limit;
  };
  return { ask, asked };
}

test('one question stands for ten requests, and the first asks', async () => {
  const { ask, asked } = limiterOf(100);
  const admission = createAdmission();
  for (let i = 1; i <= 2 * REQUESTS_PER_QUESTION + 1; i++)
    expect(await admission.admits('k', ask)).toBe(true);
  expect(asked.get('k')).toBe(3);
});

test('a key has ten times the limit of the limiter, and then no request more', async () => {
  const { ask } = limiterOf(6);
  const admission = createAdmission();
  const answers: boolean[] = [];
  for (let i = 0; i < 100; i++) answers.push(await admission.admits('k', ask));
  expect(answers.filter(Boolean)).toHaveLength(60);
  expect(answers.lastIndexOf(true)).toBe(59);
});

test('a refused key asks with each request, so that it goes on as soon as it may', async () => {
  let isOpen = false;
  let asked = 0;
  const ask = async (): Promise<boolean> => {
    asked += 1;
    return isOpen;
  };
  const admission = createAdmission();
  for (let i = 0; i < 5; i++) expect(await admission.admits('k', ask)).toBe(false);
  expect(asked).toBe(5);
  isOpen = true;
  expect(await admission.admits('k', ask)).toBe(true);
});

test('keys do not use up one another', async () => {
  const { ask } = limiterOf(1);
  const admission = createAdmission();
  for (let i = 0; i < 2 * REQUESTS_PER_QUESTION; i++) await admission.admits('greedy', ask);
  expect(await admission.admits('greedy', ask)).toBe(false);
  expect(await admission.admits('modest', ask)).toBe(true);
});

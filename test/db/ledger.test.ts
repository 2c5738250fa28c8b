import { describe, expect, test } from 'vitest';
import { bareArray, textArray } from '../../src/db/array-literal.ts';
import { NotCommittedError, repeatWhereEnded, runTransaction } from '../../src/db/ledger.ts';
import { isDataException, isExclusionViolation, isUniqueViolation } from '../../src/db/sql-state.ts';

describe('a transaction', () => {
  const clientThat = (answers: Readonly<Record<string, string | Error>> = {}) => {
    const sent: string[] = [];
    const query = async (text: string): Promise<{ command: string }> => {
      sent.push(text);
      const answer = answers[text] ?? text;
      if (answer instanceof Error) throw answer;
      return { command: answer };
    };
    return { sent, query };
  };

  test('is over only when COMMIT was answered by COMMIT', async () => {
    const client = clientThat();
    expect(await runTransaction(client, 'BEGIN', async () => 'done')).toBe('done');
    expect(client.sent).toEqual(['BEGIN', 'COMMIT']);
    const aborted = clientThat({ COMMIT: 'ROLLBACK' });
    await expect(runTransaction(aborted, 'BEGIN', async () => 'done')).rejects.toThrow(NotCommittedError);
  });

  test('whose work fails is rolled back and fails with the cause, also where the connection has gone', async () => {
    const work = async (): Promise<never> => {
      throw new Error('the cause');
    };
    for (const client of [clientThat(), clientThat({ ROLLBACK: new Error('gone') })]) {
      await expect(runTransaction(client, 'BEGIN', work)).rejects.toThrow('the cause');
      expect(client.sent).toEqual(['BEGIN', 'ROLLBACK']);
    }
  });

  test('whose COMMIT has no answer fails: nobody knows', async () => {
    const client = clientThat({ COMMIT: new Error('lost') });
    await expect(runTransaction(client, 'BEGIN', async () => 'done')).rejects.toThrow('lost');
  });
});

describe('a transaction that Postgres ended for another', () => {
  const ended = (code: string): Error => Object.assign(new Error('ended'), { code });
  const failing = (times: number, error: Error) => {
    let runs = 0;
    return async (): Promise<number> => {
      runs += 1;
      if (runs <= times) throw error;
      return runs;
    };
  };

  test.each(['40P01', '40001'])('%s: it runs again, up to four times', async (code) => {
    expect(await repeatWhereEnded(failing(3, ended(code)))).toBe(4);
    await expect(repeatWhereEnded(failing(4, ended(code)))).rejects.toMatchObject({
      code: 'unavailable',
      retryAfterSeconds: 1,
    });
  });

  test('any other failure is not repeated', async () => {
    await expect(repeatWhereEnded(failing(1, ended('23505')))).rejects.toThrow('ended');
    await expect(repeatWhereEnded(failing(1, new Error('lost')))).rejects.toThrow('lost');
  });
});

describe('an array literal', () => {
  test('of any text keeps it: quotes, backslashes, braces, blanks and null', () => {
    expect(textArray(['a', 'a"b\\c', '{x,y}', '', ' ', 'NULL', null, 'ü\n'])).toBe(
      '{"a","a\\"b\\\\c","{x,y}",""," ","NULL",NULL,"ü\n"}',
    );
    expect(textArray([])).toBe('{}');
  });

  test('of bare values writes them as they are', () => {
    expect(bareArray([1, 'a', null])).toBe('{1,a,NULL}');
    expect(bareArray([])).toBe('{}');
  });
});

describe('the state of a failed statement', () => {
  const withCode = (code: unknown): Error => Object.assign(new Error('failed'), { code });
  test.each([
    [withCode('23505'), [true, false, false]],
    [withCode('23P01'), [false, true, false]],
    [withCode('22P02'), [false, false, true]],
    [new Error('wrapped', { cause: withCode('23505') }), [true, false, false]],
    [withCode('ECONNREFUSED'), [false, false, false]],
    [withCode(22), [false, false, false]],
    [undefined, [false, false, false]],
    ['text', [false, false, false]],
  ])('%s', (error, expected) => {
    expect([isUniqueViolation(error), isExclusionViolation(error), isDataException(error)]).toEqual(expected);
  });
});

/** The guards of AI generations, as mutants.ts has those of every event. */
import type { Mutant } from './mutants.ts';

const DRAIN = 'src/rollup/drain-hot-events.ts';
const GENERATIONS = 'src/rollup/calls/commit-generations.ts';

export const GENERATION_MUTANTS: readonly Mutant[] = [
  {
    name: 'fills: the drain of events is not kept away',
    file: DRAIN,
    find: 'if (fills.length > 0) await tx.holdEventsCursor(shard);',
    replace: '',
    law: 'a later arrival fills what is empty, and nothing else',
  },
  {
    name: 'fills: those drained before their call are not looked for',
    file: GENERATIONS,
    find: 'await commitFills(tx, await tx.readFills(booked.map(({ event }) => event)), payloadsOff, now);',
    replace: '',
    law: 'a later arrival fills what is empty, and nothing else',
  },
  {
    name: 'fills: a repetition met only at the drain fills nothing',
    file: DRAIN,
    find: 'if (repeated.length > 0) await commitFills(tx, repeated, payloadsOff, now);',
    replace: '',
    law: 'a later arrival fills what is empty, and nothing else',
  },
  {
    name: 'fills: what the first came with is replaced',
    file: 'src/ai/generation-fill.ts',
    find: 'filter(([name]) => fields[name as keyof FillFields] === null)',
    replace: 'filter(([, text]) => text !== null)',
    law: 'a later arrival fills what is empty, and nothing else',
  },
  {
    name: 'fills: a call that gets its user stays in the statistics of nobody',
    file: GENERATIONS,
    find: 'await tx.addStatistics(sumStatistics(after, before), now);',
    replace: '',
    law: 'statistics = calls',
  },
  {
    name: 'fills: a user is replaced',
    file: GENERATIONS,
    find: 'const user_id = call.user_id ?? fill?.user_id ?? null;',
    replace: 'const user_id = fill?.user_id ?? call.user_id;',
    law: 'a later arrival fills what is empty, and nothing else',
  },
  {
    name: 'payloads: kept of who keeps none',
    file: DRAIN,
    find: 'const kept = dropPayloads(counted, generations, payloadsOff);',
    replace: 'const kept = generations;',
    law: 'who keeps no payloads keeps none',
  },
  {
    name: 'statistics: not added in the transaction that counts',
    file: GENERATIONS,
    find: 'await tx.addStatistics(sums, now);',
    replace: '',
    law: 'statistics = calls',
  },
  {
    name: 'statistics: a cost is added, but not counted',
    file: 'src/rollup/calls/sum-statistics.ts',
    find: 'sum.cost_count += sign;',
    replace: '',
    law: 'statistics = calls',
  },
  {
    name: 'prices: a call whose cost nobody said has none',
    file: DRAIN,
    find: 'const { generations: priced, n_mispriced } = await priceGenerations(tx, counted, kept);',
    replace: 'const [priced, n_mispriced] = [kept, 0];',
    law: 'what was counted of a call never changes',
  },
  {
    name: 'prices: a cost that was said is replaced',
    file: 'src/rollup/calls/price-generations.ts',
    find: "row !== undefined && row.cost_source !== 'reported';",
    replace: 'row !== undefined;',
    law: 'what was counted of a call never changes',
  },
  {
    name: 'prices: what the edge found is believed',
    file: 'src/rollup/calls/price-generations.ts',
    find: 'if (isBorneOut(call, cost, prices)) continue;',
    replace: 'if (foundAtEdge(row)) continue;',
    law: 'what was counted of a call never changes',
  },
  {
    name: 'prices: reasoning is taken for free',
    file: 'src/ai/prices/price-book.ts',
    find: 'if (!price) return null;',
    replace: "if (!price || kind === 'reasoning') continue;",
    law: 'what was counted of a call never changes',
  },
  {
    name: 'books: a late call names no adjustment of its metrics',
    file: 'src/rollup/book-usage.ts',
    find: 'if (late) late[metric_name] = sum.id;',
    replace: '',
    law: 'an adjustment is the sum of what names it',
  },
  {
    name: 'books: a late call names no adjustment of its own',
    file: 'src/rollup/book-usage.ts',
    find: 'if (late) late[CALLS_METRIC] = place.calls.id;',
    replace: '',
    law: 'a call is late as a whole',
  },
  {
    name: 'books: a call is booked as any event too',
    file: 'src/rollup/book-usage.ts',
    find: 'bookedGenerations.push({ event, row, hour, day, adjustment_ids: addCall(place, row) });\n      continue;',
    replace: 'bookedGenerations.push({ event, row, hour, day, adjustment_ids: addCall(place, row) });',
    law: 'one poison row never blocks the rest',
  },
];

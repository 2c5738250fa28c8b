/** The result of a measurement, and the statistics that all of them share. */

export interface Target {
  readonly gate: number;
  readonly aim: number;
  /** `least`: the figure must reach the gate; `most`: it must not exceed it. */
  readonly bound: 'least' | 'most';
}

export interface Row {
  /** The letter of the measurement, with a number if it has several rows. */
  readonly id: string;
  readonly what: string;
  /** With its unit, for reading. */
  readonly measured: string;
  readonly floor: string;
  /** The figure that the target limits: a ratio, a count, seconds or KiB. Null if there is no target. */
  readonly figure: number | null;
  readonly target: Target | null;
  /** Everything behind the figure, for the JSON. */
  readonly detail: Readonly<Record<string, unknown>>;
}

export const isHeld = ({ figure, target }: Row): boolean | null => {
  if (figure === null || target === null) return null;
  return target.bound === 'least' ? figure >= target.gate : figure <= target.gate;
};

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

export interface Contest {
  readonly measured: number;
  readonly floor: number;
  /**
   * The median of the rounds' own ratios: a disturbance of the machine in one round slows both sides of it.
   */
  readonly ratio: number;
  readonly rounds: readonly { readonly measured: number; readonly floor: number }[];
}

/**
 * Runs both sides in turn, alternating the first; the first round is a warm-up and is dropped. Rates: more is
 * better.
 */
export async function contest(
  rounds: number,
  measured: () => Promise<number>,
  floor: () => Promise<number>,
): Promise<Contest> {
  const kept: { measured: number; floor: number }[] = [];
  for (let round = 0; round <= rounds; round++) {
    const pair = { measured: 0, floor: 0 };
    if (round % 2 === 0) {
      pair.measured = await measured();
      pair.floor = await floor();
    } else {
      pair.floor = await floor();
      pair.measured = await measured();
    }
    if (round > 0) kept.push(pair);
  }
  return {
    measured: median(kept.map((pair) => pair.measured)),
    floor: median(kept.map((pair) => pair.floor)),
    ratio: median(kept.map((pair) => pair.measured / pair.floor)),
    rounds: kept,
  };
}

export const perSecond = (rate: number, unit: string): string =>
  `${Math.round(rate).toLocaleString('en-US')} ${unit}/s`;

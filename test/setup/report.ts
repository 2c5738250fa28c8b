/** The output of a test run: a line for each file as it ends, the failures, and the slowest files at the end. */
import { DefaultReporter, type TestModule, type TestSpecification } from 'vitest/node';
import { SEED } from './seeded.ts';

const SLOWEST = 10;

/** Including its imports and hooks. */
function secondsOf(module: TestModule): number {
  const { environmentSetupDuration, prepareDuration, collectDuration, setupDuration, duration } =
    module.diagnostic();
  return (environmentSetupDuration + prepareDuration + collectDuration + setupDuration + duration) / 1_000;
}

const formatSeconds = (seconds: number): string => `${seconds.toFixed(1).padStart(6)} s`;

export class FileReporter extends DefaultReporter {
  #files = 0;
  readonly #ended: { readonly name: string; readonly seconds: number }[] = [];

  constructor() {
    super({ summary: false });
  }

  override onTestRunStart(specifications: ReadonlyArray<TestSpecification>): void {
    super.onTestRunStart(specifications);
    this.#files = specifications.length;
    this.log(`${this.#files} files of tests, seed ${SEED} (TEST_SEED=… for another)\n`);
  }

  protected override printTestModule(module: TestModule): void {
    const tests = [...module.children.allTests()];
    const failed = tests.filter((test) => test.result().state === 'failed');
    const seconds = secondsOf(module);
    const name = module.relativeModuleId;
    this.#ended.push({ name, seconds });
    const place = `${String(this.#ended.length).padStart(String(this.#files).length)}/${this.#files}`;
    const count = failed.length > 0 ? `${failed.length} of ${tests.length} failed` : `${tests.length}`;
    this.log(`${place} ${this.getStateSymbol(module)}${formatSeconds(seconds)}  ${name} (${count})`);
    for (const test of failed) this.log(`        ${this.getStateSymbol(test)} ${test.fullName}`);
  }

  override onTestRunEnd(...ended: Parameters<DefaultReporter['onTestRunEnd']>): void {
    super.onTestRunEnd(...ended);
    const slowest = this.#ended.toSorted((a, b) => b.seconds - a.seconds).slice(0, SLOWEST);
    if (slowest.length < 2) return;
    this.log(`The slowest ${slowest.length}:`);
    for (const { name, seconds } of slowest) this.log(`${formatSeconds(seconds)}  ${name}`);
  }
}

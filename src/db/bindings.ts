/** The values of a statement built in parts: each is bound as $1, $2, … in the order in which it is added. */
export interface Bindings {
  readonly values: unknown[];
  readonly bind: (value: unknown) => string;
}

export function makeBindings(): Bindings {
  const values: unknown[] = [];
  return {
    values,
    bind(value) {
      values.push(value);
      return `$${values.length}`;
    },
  };
}

export type Closer = () => Promise<void>;

export interface Closers {
  /** A closer added after everything was closed runs at once: a start may be interrupted at any point. */
  add(closer: Closer): void;
  closeAll(): Promise<void>;
}

/** Closes in reverse order of opening; a closer that fails does not stop the others. */
export function makeClosers(): Closers {
  const open: Closer[] = [];
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    for (let closer = open.pop(); closer; closer = open.pop()) await closer().catch(() => {});
  };
  return {
    add(closer) {
      open.push(closer);
      if (closing) closing = closing.then(close);
    },
    closeAll() {
      closing ??= close();
      return closing;
    },
  };
}

export type Closer = () => Promise<void>;

export interface Closers {
  /** What comes after everything was closed is closed at once: a start may be interrupted at any point. */
  add(closer: Closer): void;
  closeAll(): Promise<void>;
}

/** Closes in the reverse of the order in which things were opened; one that fails does not keep the others open. */
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

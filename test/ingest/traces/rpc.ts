/** A field of a protobuf message, read by a decoder written for the tests. */
export interface Field {
  readonly field: number;
  /** The value of a varint field. */
  readonly number: number;
  /** The bytes of a length-delimited field. */
  readonly bytes: Uint8Array;
}

export function fromBinary(message: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let [value, factor] = [0, 1];
    for (;;) {
      const byte = message[at++] ?? 0;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      factor *= 128;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const number = varint();
    const hasLength = (tag & 7) === 2;
    fields.push({
      field: tag >> 3,
      number,
      bytes: hasLength ? message.subarray(at, at + number) : new Uint8Array(),
    });
    if (hasLength) at += number;
  }
  return fields;
}

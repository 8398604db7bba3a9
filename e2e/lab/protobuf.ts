/** Just enough of protobuf's wire format: messages of length-delimited fields (https://protobuf.dev/programming-guides/encoding/). */

export type Message = Buffer

function varint(number: number): number[] {
  const bytes: number[] = []
  let rest = number
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return [...bytes, rest]
}

/** A message of fields: number, and text or message. */
export function message(...fields: readonly (readonly [number: number, value: string | Message])[]): Message {
  return Buffer.concat(
    fields.flatMap(([number, value]) => {
      const bytes = Buffer.from(value)
      return [Buffer.from([...varint(number * 8 + 2), ...varint(bytes.length)]), bytes]
    }),
  )
}

/** All values of a length-delimited field; fields of other types are passed over. */
export function valuesOf(of: Message, wanted: number): Message[] {
  const found: Message[] = []
  let at = 0
  const read = (): number => {
    let number = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = of[at] ?? 0
      at += 1
      number += (byte & 127) * factor
      if (byte < 128) return number
    }
  }
  while (at < of.length) {
    const key = read()
    const type = key % 8
    if (type === 0) read()
    else if (type === 1) at += 8
    else if (type === 5) at += 4
    else {
      const length = read()
      if (key >> 3 === wanted) found.push(of.subarray(at, at + length))
      at += length
    }
  }
  return found
}

/** The first value of a field as text; '' where it has none. */
export const textOf = (of: Message | undefined, wanted: number): string =>
  of === undefined ? '' : String(valuesOf(of, wanted)[0] ?? '')

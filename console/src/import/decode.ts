// A file's bytes as text: UTF-8, UTF-16 with a mark, GB18030 or Windows-1252. Bytes that fit two are not guessed at.

export type Encoding = "UTF-8" | "UTF-16LE" | "UTF-16BE" | "GB18030" | "Windows-1252";
export type Decoded = { text: string; encoding: Encoding } | { fault: "binary" | "unknown" | "ambiguous" };

export function decode(bytes: Uint8Array): Decoded {
  const marked = mark(bytes);
  if (marked) {
    const text = strictly(marked, bytes);
    return text === undefined ? { fault: "unknown" } : { text, encoding: marked };
  }
  if (bytes.includes(0)) return { fault: "binary" };
  const utf8 = strictly("UTF-8", bytes);
  if (utf8 !== undefined) return { text: utf8, encoding: "UTF-8" };
  const chinese = strictly("GB18030", bytes);
  const western = isWestern(bytes) ? strictly("Windows-1252", bytes) : undefined;
  const evidence = weigh(bytes);
  if (chinese !== undefined && evidence.common > 3 * evidence.single && evidence.common > evidence.rare) return { text: chinese, encoding: "GB18030" };
  if (western !== undefined && (chinese === undefined || (evidence.single > 0 && evidence.common * 4 <= evidence.rare))) {
    return { text: western, encoding: "Windows-1252" };
  }
  return { fault: chinese === undefined ? "unknown" : "ambiguous" };
}

function mark([first, second, third]: Uint8Array): Encoding | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return "UTF-8";
  if (first === 0xff && second === 0xfe) return "UTF-16LE";
  return first === 0xfe && second === 0xff ? "UTF-16BE" : undefined;
}

function strictly(encoding: Encoding, bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Whether every byte above ASCII is a letter or a common sign of Windows-1252, at most two in a row. */
function isWestern(bytes: Uint8Array): boolean {
  let row = 0;
  for (const byte of bytes) {
    if (byte < 0x80) {
      row = 0;
      continue;
    }
    row += 1;
    const sign = [0x80, 0x85, 0xa0, 0xa3, 0xab, 0xb0, 0xb4, 0xbb].includes(byte) || (byte >= 0x91 && byte <= 0x97);
    const letter = byte >= 0xc0 && byte !== 0xd7 && byte !== 0xf7;
    if (row > 2 || !(sign || letter)) return false;
  }
  return true;
}

/** Signs of one encoding or the other: everyday pairs, other pairs, single bytes between ASCII. */
function weigh(bytes: Uint8Array): { common: number; rare: number; single: number } {
  const evidence = { common: 0, rare: 0, single: 0 };
  const isHigh = (at: number) => (bytes[at] ?? 0) >= 0x80;
  for (let at = 0; at < bytes.length; at += 1) {
    if (isHigh(at) && !isHigh(at - 1) && !isHigh(at + 1)) evidence.single += 1;
  }
  for (let at = 0; at < bytes.length; at += 1) {
    const lead = bytes[at] ?? 0;
    if (lead < 0x80) continue;
    at += 1;
    const trail = bytes[at] ?? 0;
    const everyday = ((lead >= 0xa1 && lead <= 0xa3) || (lead >= 0xb0 && lead <= 0xd7)) && trail >= 0xa1;
    if (everyday) evidence.common += 1;
    else evidence.rare += 1;
    if (trail >= 0x30 && trail <= 0x39) at += 2;
  }
  return evidence;
}

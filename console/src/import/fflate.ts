// fflate as the spreadsheet libraries use it, in this one thread: its own workers are made of text, which the content
// policy forbids, and the libraries run in a worker of ours anyway.
import {
  strFromU8,
  strToU8,
  unzipSync,
  zipSync,
  type Unzipped,
  type Zippable,
} from "../../node_modules/fflate/esm/browser.js";

export { strFromU8, strToU8, unzipSync, zipSync };

type Filter = { filter?: (file: { name: string; size: number; originalSize: number; compression: number }) => boolean };

export function zip(files: Zippable, done: (error: Error | null, archive: Uint8Array | null) => void): void {
  try {
    done(null, zipSync(files));
  } catch (error) {
    done(error as Error, null);
  }
}

export function unzip(
  archive: Uint8Array,
  options: Filter | ((error: Error | null, files: Unzipped | null) => void),
  done?: (error: Error | null, files: Unzipped | null) => void,
): void {
  const answer = typeof options === "function" ? options : done;
  try {
    answer?.(null, unzipSync(archive, typeof options === "function" ? {} : options));
  } catch (error) {
    answer?.(error as Error, null);
  }
}

// The import of this tab. It lives beside the pages, so that every batch is sent whatever page is shown.
import { CallError } from "../../base/client.ts";
import { signedIn } from "../../base/sign-in.ts";
import { Store } from "../../base/store.ts";
import { submit } from "../../data/import.ts";
import type { Part, ReadFile } from "../../import/worker.ts";

/** A checked file: its batches, and the station and cycle that they are for, whatever is chosen later. */
export interface CheckedFile {
  name: string;
  parts: Part[];
  station: string;
  cycle: string;
}

export type Step =
  | { at: "choose"; fault?: string }
  | { at: "reading"; name: string }
  | { at: "check"; name: string; read: ReadFile }
  | { at: "follow"; file: CheckedFile };

export const step = new Store<Step>({ at: "choose" });

export interface Progress {
  /** How many batches are sent, and which share of the next one. */
  count: number;
  share: number;
  /** The connection is lost, and the batch is sent again. */
  lost: boolean;
  error?: unknown;
}

const NOTHING: Progress = { count: 0, share: 0, lost: false };
export const progress = new Store<Progress>(NOTHING);
let abort = new AbortController();

/** Goes back to the choice of a file. */
export function chooseAnother(): void {
  abort.abort();
  step.set({ at: "choose" });
  progress.set(NOTHING);
}
signedIn.watch(() => signedIn.value === "no" && chooseAnother());

/** Sends the batches of a file, one after the other. */
export function sendFile(file: CheckedFile): void {
  step.set({ at: "follow", file });
  void sendRest(file);
}

/** Sends the batches that are not sent yet. */
export async function sendRest(file: CheckedFile): Promise<void> {
  abort = new AbortController();
  const { signal } = abort;
  const { name, station, cycle } = file;
  let { count } = progress.value;
  const show = (more: Partial<Progress>) => !signal.aborted && progress.set({ ...NOTHING, count, ...more });
  const sent = (share: number) => show({ share });
  const lost = (isLost: boolean) => show({ lost: isLost });
  show({});
  try {
    for (const part of file.parts.slice(count)) {
      await submit({ station, cycle, file: name, part, sent, lost, signal });
      count += 1;
      show({});
    }
  } catch (error) {
    show({ error });
  }
}

/** Tells whether the rest may be sent by trying again. */
export function mayRetry({ error }: Progress): boolean {
  return !(error instanceof CallError) || error.kind !== "refused";
}

// A reload, or another site, ends an import whose batches are not all sent.
window.addEventListener("beforeunload", (event) => {
  const now = step.value;
  if (now.at === "follow" && progress.value.count < now.file.parts.length && mayRetry(progress.value)) event.preventDefault();
});

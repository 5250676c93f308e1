// A large request: packed with gzip, with a word on how much of it is gone.
import { CallError, headers, made, open, reachable, root, type Answer } from "./client.ts";

/** Posts a packed JSON body; `sent` hears a part from 0 to 1. */
export function send(path: string, body: Blob, sent: (part: number) => void, signal?: AbortSignal): Promise<Answer> {
  made.calls += 1;
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", root + path);
    request.timeout = 60_000;
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.setRequestHeader("content-type", "application/json");
    request.setRequestHeader("content-encoding", "gzip");
    request.upload.onprogress = (event) => sent(event.lengthComputable ? event.loaded / event.total : 0);
    const lost = () => {
      reachable.set(false);
      reject(new CallError("offline", "", ""));
    };
    request.onerror = lost;
    request.ontimeout = lost;
    request.onabort = () => reject(new CallError("offline", "aborted", ""));
    request.onload = () => {
      try {
        resolve(open(request.status, request.responseText));
      } catch (error) {
        reject(error);
      }
    };
    signal?.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { CallError } from "../../src/base/client.ts";
import { session } from "../../src/base/session.ts";
import { signedIn } from "../../src/base/sign-in.ts";
import { table } from "../../src/import/table.ts";
import { chooseAnother, mayRetry, progress, sendFile, sendRest, step } from "../../src/pages/import/sending.ts";
import { busy, refused, settle } from "./service.ts";

/** The requests that were sent, each waiting for its answer. */
let requests: FakeRequest[] = [];

class FakeRequest {
  upload = {};
  status = 0;
  responseText = "";
  onload: () => void = () => undefined;
  onabort: () => void = () => undefined;
  open(): void {}
  setRequestHeader(): void {}
  send(): void {
    requests.push(this);
  }
  abort(): void {
    this.onabort();
  }
  answer(envelope: object): Promise<void> {
    this.status = 200;
    this.responseText = JSON.stringify(envelope);
    this.onload();
    return settle();
  }
}
Object.assign(globalThis, { XMLHttpRequest: FakeRequest });

const packed = mock.method(table, "run", async () => new Blob());
const parts = [0, 1, 2].map((n) => ({ taskId: `file-${n}`, from: n * 2, orders: 2 }));
const file = { name: "a.csv", parts, station: "T1", cycle: "T1-DAILY" };
const done = { code: 0, data: {} };

beforeEach(async () => {
  chooseAnother();
  await settle();
  requests = [];
  packed.mock.resetCalls();
  session.set({ token: "", name: "", station: "T1", operator: true });
});

test("the batches of a file are sent one after the other, all for the station they were checked for", async () => {
  sendFile(file);
  await settle();
  session.set({ ...session.value, station: "T2" });
  for (const n of [0, 1, 2]) {
    assert.deepEqual([requests.length, progress.value.count], [n + 1, n]);
    await requests[n]?.answer(done);
  }
  assert.deepEqual(progress.value, { count: 3, share: 0, lost: false });
  const sent = packed.mock.calls.map(({ arguments: [, part, around] }: { arguments: unknown[] }) => ({ ...(part as object), ...(around as object) }));
  const shared = { station_id: "T1", time_config_id: "T1-DAILY", file_name: "a.csv" };
  assert.deepEqual(sent, parts.map((part) => ({ ...part, task_id: part.taskId, ...shared })));
});

test("a refusal stops at its batch, and trying again goes on with that one", async () => {
  sendFile(file);
  await settle();
  await requests[0]?.answer(done);
  await requests[1]?.answer(refused);
  const { count, error } = progress.value;
  assert.equal(count, 1);
  assert.ok(error instanceof CallError && !mayRetry(progress.value));
  void sendRest(file);
  await settle();
  for (const n of [2, 3]) await requests[n]?.answer(done);
  assert.deepEqual(progress.value, { count: 3, share: 0, lost: false });
});

test("a person who signs out sends nothing more, also after a lost connection", async () => {
  signedIn.set("yes");
  sendFile(file);
  await settle();
  await requests[0]?.answer(busy);
  assert.equal(progress.value.lost, true);
  signedIn.set("no");
  await settle();
  assert.deepEqual([requests.length, step.value.at, progress.value.error], [1, "choose", undefined]);
});

// A receiver of callbacks, with Node.js 20 or later: npm install standardwebhooks; WEBHOOK_SECRET=whsec_... node receiver.mjs [PORT].
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const webhook = new Webhook(process.env.WEBHOOK_SECRET);
const MOST = 1 << 20; // bytes of a body; it is read before anybody knows who sent it
const seen = new Set(); // In your database, with a unique key, in the transaction that does the work.

// Your work; what takes long belongs into a queue of your own, as the answer is awaited for 20 seconds.
function handle({ type, data }) {
  console.log(type, data.station_id, data.task_id, data.outcome, data.counts ?? "");
}

// Answers the status of a request; fails where the sender hangs up.
async function receive(request) {
  if (Number(request.headers["content-length"] ?? 0) > MOST) return 413;
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > MOST) return 413;
    parts.push(part);
  }
  let event;
  try {
    event = webhook.verify(Buffer.concat(parts).toString("utf8"), request.headers);
  } catch {
    return 401;
  }
  // A delivery arrives at least once: the same id is the same delivery.
  const delivery = request.headers["webhook-id"];
  if (!seen.has(delivery)) {
    await handle(event);
    seen.add(delivery);
  }
  // Any 2xx says: delivered, do not send it again.
  return 204;
}

// A fault is a 500, after which the delivery is sent again; it ends nothing else.
function failed(fault) {
  console.error("not received:", fault);
  return 500;
}

const server = createServer(async (request, response) => {
  const status = await receive(request).catch(failed);
  response.writeHead(status, status === 413 ? { connection: "close" } : {}).end();
});
server.listen(Number(process.argv[2] ?? 8000), "127.0.0.1", () => console.log("listening", server.address().port));

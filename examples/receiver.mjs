// A receiver of callbacks, with Node.js 20 or later: npm install standardwebhooks; WEBHOOK_SECRET=whsec_... node receiver.mjs [PORT].
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const webhook = new Webhook(process.env.WEBHOOK_SECRET);
const seen = new Set(); // In your database, with a unique key, in the transaction that does the work.

// Your work; what takes long belongs into a queue of your own, as the answer is awaited for 20 seconds.
function handle({ type, data }) {
  console.log(type, data.station_id, data.task_id, data.outcome, data.counts ?? "");
}

const server = createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  let event;
  try {
    event = webhook.verify(Buffer.concat(parts).toString("utf8"), request.headers);
  } catch {
    return response.writeHead(401).end();
  }
  // A delivery arrives at least once: the same id is the same delivery.
  const delivery = request.headers["webhook-id"];
  if (!seen.has(delivery)) {
    handle(event);
    seen.add(delivery);
  }
  // Any 2xx says: delivered, do not send it again.
  response.writeHead(204).end();
});
server.listen(Number(process.argv[2] ?? 8000), "127.0.0.1", () => console.log("listening", server.address().port));

// The operating cycles of a station.
import { callRecord } from "../base/client.ts";
import { isRecord, records, text } from "../base/json.ts";

export interface Cycle {
  id: string;
  name: string;
  takesOrders: boolean;
  orderFrom: string;
  orderTo: string;
  receiveFrom: string;
  receiveTo: string;
  windowStart: string;
  windowEnd: string;
}

export async function readCycles(signal: AbortSignal): Promise<Cycle[]> {
  const data = await callRecord("/station/time_config/list", {}, signal);
  return records(data["time_configs"]).map((cycle) => {
    const order = isRecord(cycle["order_time_limit"]) ? cycle["order_time_limit"] : {};
    const receive = isRecord(cycle["receive_time_limit"]) ? cycle["receive_time_limit"] : {};
    return {
      id: text(cycle["time_config_id"]),
      name: text(cycle["name"]),
      takesOrders: cycle["takes_orders"] === true,
      orderFrom: text(order["start"]),
      orderTo: text(order["end"]),
      receiveFrom: text(cycle["receive_from"]),
      receiveTo: text(cycle["receive_to"]),
      windowStart: text(receive["start"]),
      windowEnd: text(receive["end"]),
    };
  });
}

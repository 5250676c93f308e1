// A station of a scene's own, with its cycle, address and product; the database may refuse to store its orders.
import { api, sql } from "./stage.mjs";

/** A procedure that a trigger calls does not exist. */
export const MISSING = 1305;

/** Makes the station. Answers an order of it, with the number and the product that are given. */
export async function station(id) {
  const limits = { order_time_limit: { start: "00:00", end: "23:59", e_span_time: 0 }, receive_time_limit: { start: "00:00", end: "23:59", s_span_time: 0, e_span_time: 9, weekdays: 127 } };
  await api("/reference/load", { stations: [{
    station_id: id,
    time_configs: [{ id: `${id}-DAILY`, name: "daily", type: 1, enabled: true, ...limits }],
    addresses: [{ address_id: "S1", name: "S1", can_order: true }],
    skus: [{ sku_id: "D1", name: "D1", sale_unit: "kg", sale_price: "2.50", sale_num_least: "0.01", on_sale: true, time_config_id: null }],
  }] });
  const { time_configs: [{ receive_to: day }] } = await api("/station/time_config/list", { station_id: id });
  return (number, sku = "D1") => ({ address_id: "S1", out_order_no: number, receive_begin_time: `${day} 08:00`, receive_end_time: `${day} 09:00`, details: [{ sku_id: sku, amount: "2" }] });
}

/** Makes the database refuse the station's orders, as when somebody forgot a procedure, until `mend`. */
export async function refuseOrders(id) {
  const trigger = `story_${id.toLowerCase()}`;
  await sql(`DELIMITER //
    CREATE TRIGGER ${trigger} BEFORE INSERT ON tbl_order FOR EACH ROW
    IF NEW.station_id = '${id}' THEN SIGNAL SQLSTATE '42000' SET MYSQL_ERRNO = ${MISSING}, MESSAGE_TEXT = 'PROCEDURE app.price does not exist'; END IF//`);
  return { mend: () => sql(`DROP TRIGGER IF EXISTS ${trigger}`) };
}

export async function submitTo(id, task, orders) {
  await api("/station/order/batch/submit", { task_id: task, station_id: id, time_config_id: `${id}-DAILY`, order_data: orders });
}

//! Deliveries of callbacks: each filter finds exactly its deliveries, the newest first, and reads a page of index entries.

use task_store::TaskId;
use task_store::callbacks::{DeliveryFilter, DeliveryState, deliveries};
use task_store::testing::{TestDatabase, with_database};

use crate::support::{counting_reads, done, execute, read, read_number, station};

/// 1,000 tasks of each of two stations, each with a delivery to one of two callbacks, every tenth of them given up.
async fn filled(fresh: &TestDatabase) {
    let ten = "(SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 \
               UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)";
    for station in ["T1", "T2"] {
        let tasks = format!(
            "INSERT INTO tbl_async_task (station_id, id_scope, name, status, outcome, end_time) \
             SELECT '{station}', '{station}', 'n', 3, 'success', NOW(3) FROM {ten} a JOIN {ten} b JOIN {ten} c"
        );
        execute(fresh, &tasks).await;
    }
    let told = "INSERT INTO tbl_callback_delivery (task_id, no, station_id, callback, event, outcome, run_count, state) \
        SELECT id, 1, station_id, IF(id % 2 = 0, 'erp', 'wms'), 'task.finished', 'success', 1, IF(id % 10 = 0, 2, 1) \
        FROM tbl_async_task ORDER BY id";
    execute(fresh, told).await;
    execute(fresh, "ANALYZE TABLE tbl_callback_delivery").await;
}

#[tokio::test]
async fn each_filter_finds_its_deliveries_newest_first_and_reads_no_more_than_a_page() {
    with_database(async |fresh| {
        filled(fresh).await;
        let t2 = station("T2");
        let task = read_number(fresh, "SELECT MIN(id) FROM tbl_async_task").await;
        let all = DeliveryFilter::default();
        let of_station = DeliveryFilter {
            station: Some(&t2),
            ..all
        };
        let to_erp = DeliveryFilter {
            callback: Some("erp"),
            ..all
        };
        let given_up = DeliveryFilter {
            state: Some(DeliveryState::GivenUp),
            ..all
        };
        let erp_given_up = DeliveryFilter {
            callback: Some("erp"),
            ..given_up
        };
        let of_task = DeliveryFilter {
            task: TaskId::parse(&task.to_string()),
            ..all
        };
        for (filter, condition) in [
            (all, "TRUE"),
            (of_station, "station_id = 'T2'"),
            (to_erp, "callback = 'erp'"),
            (given_up, "state = 2"),
            (erp_given_up, "callback = 'erp' AND state = 2"),
            (of_task, "task_id = (SELECT MIN(id) FROM tbl_async_task)"),
        ] {
            let newest = async |c: &mut _| deliveries(c, &filter, 10).await;
            done(&fresh.database, &newest).await;
            let (reads, found) =
                done(&fresh.database, async |c| counting_reads(c, &newest).await).await;
            assert!(reads <= 100, "{condition}: {reads}");
            let list = format!(
                "SELECT GROUP_CONCAT(id ORDER BY id DESC) FROM (SELECT id FROM tbl_callback_delivery \
                 WHERE {condition} ORDER BY id DESC LIMIT 10) newest"
            );
            let found: Vec<_> = found.iter().map(|one| one.id.to_string()).collect();
            assert_eq!(Some(found.join(",")), read(fresh, &list).await);
        }
    })
    .await;
}

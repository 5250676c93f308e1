//! No statement reads a table from end to end: on filled tables, each reads a bounded number of rows and index entries.

use std::time::Duration;

use sqlx::Executor as _;
use task_store::chunks::{self, ClaimTerms};
use task_store::items::{self, ItemStatus, Outcome};
use task_store::outbox::{self, Pace};
use task_store::testing::{TestDatabase, with_database};
use task_store::{
    Connection, Database, Result, TaskId, again, batches, codes, deferrals, payloads, rework, tasks,
};

use crate::support::{
    BY_CLAIM, LEASE, batch_of, chunk_key, chunks_of_two, counting_reads, done, execute,
    read_number, station,
};

const PACE: Pace = Pace {
    resend: Duration::from_mins(1),
    lease: LEASE,
};
/// Chunks of each filled batch.
const CHUNKS: u32 = 400;
/// Batches that fill the tables.
const BATCHES: u32 = 8;

/// Fills the tables with batches of which a third waits, some is leased and the rest is ready; answers the first one, whose
/// chunks are all ready but for two: 0 is claimed, 1 waits.
async fn filled(fresh: &TestDatabase) -> TaskId {
    let chunks = chunks_of_two(CHUNKS);
    for _ in 0..BATCHES {
        batch_of(fresh, &chunks).await;
    }
    let mine = batch_of(fresh, &chunks).await;
    let others = format!("task_id <> {mine}");
    for sql in [
        format!("UPDATE tbl_work SET state = 2 WHERE part % 3 = 0 AND {others}"),
        format!(
            "UPDATE tbl_work SET state = 3, station_id = CONCAT('T', part % 40 + 2), lease_until = NOW(3) + INTERVAL 9 SECOND \
             WHERE part % 20 = 1 AND {others}"
        ),
        "INSERT INTO tbl_batch_item (task_id, run, item_index, chunk_id, status, code) \
         SELECT task_id, run, first_index, id, 2, 'X' FROM tbl_batch_chunk WHERE chunk_no >= 10"
            .to_owned(),
        format!("UPDATE tbl_work SET state = 2 WHERE part = 1 AND task_id = {mine}"),
    ] {
        execute(fresh, &sql).await;
    }
    for table in ["tbl_work", "tbl_batch_chunk", "tbl_batch_item"] {
        execute(fresh, &format!("ANALYZE TABLE {table}")).await;
    }
    mine
}

/// Does work of which no statement may scan, and undoes it.
struct Bounded<'a>(&'a Database);

impl Bounded<'_> {
    async fn reads<T>(
        &self,
        name: &str,
        most: i64,
        work: impl AsyncFn(&mut Connection) -> Result<T>,
    ) -> T {
        let (read, end) = done(self.0, async |c| {
            c.execute("START TRANSACTION").await?;
            let counted = counting_reads(c, &work).await?;
            c.execute("ROLLBACK").await?;
            Ok(counted)
        })
        .await;
        println!("{name}: {read}");
        assert!(read <= most, "{name} reads {read} rows and entries");
        end
    }
}

#[tokio::test]
async fn no_statement_about_open_work_reads_the_backlog() {
    with_database(async |fresh| {
        let task = filled(fresh).await;
        let one = fresh.another(1);
        let bounded = Bounded(&one);
        let terms = ClaimTerms::new(LEASE, 500);
        let (first, waiting) = (chunk_key(task, 0), chunk_key(task, 1));
        let claimed = done(&one, async |c| chunks::claim(c, first, &terms).await).await;
        let claimed = claimed.claimed().unwrap();
        let claim = async |c: &mut _| chunks::claim(c, chunk_key(task, 2), &terms).await;
        bounded.reads("claim", 120, claim).await;
        bounded
            .reads("status", 60, async |c| {
                chunks::status(c, first, LEASE).await
            })
            .await;
        bounded
            .reads("hold", 20, async |c| chunks::hold(c, &claimed, LEASE).await)
            .await;
        let release = async |c: &mut _| chunks::release(c, &claimed, true, "a test").await;
        bounded.reads("release", 20, release).await;
        bounded
            .reads("put back", 20, async |c| {
                chunks::put_back(c, &claimed).await
            })
            .await;
        bounded
            .reads("end unit", 20, async |c| {
                chunks::end_unit(c, &claimed).await
            })
            .await;
        bounded
            .reads("complete", 40, async |c| {
                chunks::complete(c, &claimed).await
            })
            .await;
        bounded
            .reads("any open", 20, async |c| chunks::any_open(c, task, 1).await)
            .await;
        bounded
            .reads("defer", 20, async |c| {
                deferrals::defer(c, waiting, LEASE).await
            })
            .await;
        let station = station("T1");
        let next = async |c: &mut _| deferrals::next(c, &station, "order_import").await;
        bounded.reads("next", 60, next).await;
        let room = async |c: &mut _| deferrals::take_with_room(c, 8, PACE).await;
        bounded.reads("take with room", 800, room).await;
        let lanes = async |c: &mut _| outbox::due_lanes(c, PACE).await;
        bounded.reads("due lanes", 400, &lanes).await;
        execute(fresh, "UPDATE tbl_work SET due_at = NOW(3) WHERE state = 0").await;
        let lane = done(&one, &lanes).await.remove(0);
        let take = async |c: &mut _| outbox::take_due(c, &lane, 10, PACE).await;
        assert_eq!(bounded.reads("take due", 100, take).await.len(), 10);
        let make_due = async |c: &mut _| outbox::make_due(c, &[chunk_key(task, 3)]).await;
        bounded.reads("make due", 20, make_due).await;
        let finishable = async |c: &mut _| batches::finishable(c, None, 20).await;
        bounded.reads("finishable", 60, finishable).await;
        let of_one_run = i64::from(CHUNKS) * 6;
        let cancel = async |c: &mut _| chunks::cancel_open(c, task, 1).await;
        bounded.reads("cancel", of_one_run, cancel).await;
    })
    .await;
}

#[tokio::test]
async fn no_statement_about_one_batch_reads_another() {
    with_database(async |fresh| {
        let task = filled(fresh).await;
        let one = fresh.another(1);
        let bounded = Bounded(&one);
        let of_one_run = i64::from(CHUNKS) * 6;
        bounded
            .reads("batch", 10, async |c| batches::by_task(c, task).await)
            .await;
        bounded
            .reads("start", 10, async |c| batches::start(c, task, 1).await)
            .await;
        bounded
            .reads("finish", 20, async |c| {
                batches::finish(c, task, "{}", false).await
            })
            .await;
        bounded
            .reads("chunks", of_one_run, async |c| {
                chunks::of_run(c, task, 1).await
            })
            .await;
        let again = async |c: &mut Connection| {
            c.execute(&*format!(
                "DELETE FROM tbl_work WHERE task_id = {task} AND kind = 1"
            ))
            .await?;
            chunks::insert_units(c, task, 1, 0, &BY_CLAIM).await
        };
        bounded
            .reads("insert units", i64::from(CHUNKS) * 20, again)
            .await;
        let page = async |c: &mut _| items::page(c, task, 1, ItemStatus::Failed, 50, 0).await;
        bounded.reads("page", of_one_run, page).await;
        bounded
            .reads("statuses", 30, async |c| {
                items::between(c, task, 1, 20..40, Some("X")).await
            })
            .await;
        bounded
            .reads("counts", of_one_run, async |c| {
                items::counts(c, task, 1, 2).await
            })
            .await;
        bounded
            .reads("at", 30, async |c| items::at(c, task, 1, &[20, 22]).await)
            .await;
        bounded
            .reads("codes", of_one_run, async |c| {
                codes::count(c, task, 1).await
            })
            .await;
        let mark = async |c: &mut _| rework::mark(c, task, 1, 20, ItemStatus::Dropped, None).await;
        assert!(bounded.reads("mark", 10, mark).await);
        let reopen = async |c: &mut _| rework::reopen(c, task, 1, 20, "{}", None, LEASE).await;
        bounded.reads("reopen", 60, reopen).await;
        let mendable = async |c: &mut _| rework::mendable(c, task, 1, 20, 50).await;
        assert_eq!(bounded.reads("mendable", 110, mendable).await.len(), 50);
        let again = async |c: &mut _| rework::worked_again(c, task, 1, "{}").await;
        bounded.reads("worked again", of_one_run, again).await;
        let holding = async |c: &mut _| rework::chunks_of_item(c, task, 1, 20).await;
        bounded.reads("chunks", of_one_run, holding).await;
        let made = async |c: &mut _| rework::index_of_made(c, task, 1, 7).await;
        bounded.reads("index of made", of_one_run, made).await;
        let of_its_chunks = i64::from(CHUNKS) + 60;
        let corrected = async |c: &mut _| rework::corrected(c, task, 1).await;
        bounded.reads("corrected", of_its_chunks, corrected).await;
        bounded
            .reads("open rework", of_one_run, async |c| {
                rework::open_rework(c, task, 1).await
            })
            .await;
        bounded
            .reads("made by hand", 10, async |c| {
                rework::made_by_hand(c, task).await
            })
            .await;
    })
    .await;
}

#[tokio::test]
async fn no_statement_about_some_items_reads_the_others() {
    with_database(async |fresh| {
        let task = filled(fresh).await;
        let one = fresh.another(1);
        let bounded = Bounded(&one);
        let of_one_run = i64::from(CHUNKS) * 6;
        let ranges = done(&one, async |c| chunks::of_run(c, task, 1).await).await;
        let ids = [ranges[0].chunk_id, ranges[1].chunk_id];
        bounded
            .reads("sizes", 20, async |c| payloads::sizes(c, &ids).await)
            .await;
        bounded
            .reads("payloads", 20, async |c| payloads::of_chunks(c, &ids).await)
            .await;
        bounded
            .reads("stored", of_one_run, async |c| {
                again::stored(c, task, 1).await
            })
            .await;
        let corrected = async |c: &mut _| again::carry_corrected(c, task, 1, CHUNKS).await;
        bounded
            .reads("carry corrected", of_one_run, corrected)
            .await;
        bounded
            .reads("complete", 60, async |c| {
                again::complete(c, task, 1, &[3, 4]).await
            })
            .await;
        // A session that opens a table for the first time reads the server's dictionary.
        done(&one, async |c| tasks::lock(c, task).await).await;
        bounded
            .reads("lock", 10, async |c| tasks::lock(c, task).await)
            .await;
        let progress = async |c: &mut _| tasks::batch_progress(c, &[task]).await;
        bounded.reads("progress", of_one_run, progress).await;
        let claimed = done(&one, async |c| {
            chunks::claim(c, chunk_key(task, 0), &ClaimTerms::new(LEASE, 0)).await
        });
        let claimed = claimed.await.claimed().unwrap();
        let outcome = [Outcome::made(0, 7)];
        bounded
            .reads("settle", 20, async |c| {
                items::settle(c, &claimed, &outcome).await
            })
            .await;
        bounded
            .reads("count try", 20, async |c| {
                items::count_try(c, &claimed, 1).await
            })
            .await;
        bounded
            .reads("forget try", 20, async |c| {
                items::forget_try(c, &claimed, 1).await
            })
            .await;
        assert!(read_number(fresh, "SELECT COUNT(*) FROM tbl_work").await > 3_000);
    })
    .await;
}

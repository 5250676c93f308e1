//! `tbl_batch_payload`: payloads come back byte for byte.

use task_store::chunks;
use task_store::payloads::{self, NewChunk};
use task_store::testing::{TestDatabase, with_database};
use task_store::{CompressedText, Connection, TaskId};

use crate::support::{a_batch, a_task, batch_of, claim, done, execute};

/// JSON that a JSON column or a parser in between would change.
const DELICATE: &str = r#"[ {"z": 2.50, "a" : 1e2, "z2":0.10000000000000000001, "未知": {"b":[],"a":null}},
  {"a":"\u0041🧅 \\ \" ' \/","a":"twice", "n":12345678901234567890123} ]"#;

fn chunk(first_index: u32, items: &str) -> NewChunk {
    NewChunk {
        first_index,
        item_count: 2,
        items: CompressedText::new(items),
        duplicates: None,
    }
}

#[tokio::test]
async fn a_payload_comes_back_byte_for_byte() {
    with_database(async |fresh| {
        let task = batch_of(fresh, &[chunk(0, DELICATE)]).await;
        assert_eq!(claim(fresh, task, 0).await.items, DELICATE);
        assert_eq!(all(fresh, task).await[0].2, DELICATE);
    })
    .await;
}

#[tokio::test]
async fn a_payload_of_many_megabytes_takes_several_statements_and_is_whole() {
    with_database(async |fresh| {
        let size = |n: usize| [10, 600_000, 500_000, 3_000_000, 1_048_576, 1][n % 6];
        let texts: Vec<_> = (0..12)
            .map(|n| format!("[{n}, \"{}\"]", hardly_compressible(size(n))))
            .collect();
        let chunks: Vec<_> = (0..)
            .zip(&texts)
            .map(|(n, text)| chunk(n * 2, text))
            .collect();
        let task = batch_of(fresh, &chunks).await;
        let stored = all(fresh, task).await;
        let same = stored
            .iter()
            .zip((0..).zip(&texts))
            .all(|((_, first, items), (n, text))| *first == n * 2 && items == text);
        assert!(same && stored.len() == texts.len());
    })
    .await;
}

/// A text of random characters of three bytes, which zlib hardly shortens.
fn hardly_compressible(bytes: usize) -> String {
    let mut random = fastrand::Rng::with_seed(7);
    (0..bytes / 3).map(|_| random.char('一'..='龥')).collect()
}

#[tokio::test]
async fn a_thousand_chunks_are_stored_in_their_order() {
    with_database(async |fresh| {
        let chunks: Vec<_> = (0..1000).map(|n| chunk(n * 2, &format!("[{n}]"))).collect();
        let task = batch_of(fresh, &chunks).await;
        let ranges = ranges(fresh, task).await;
        let firsts: Vec<_> = ranges.iter().map(|(_, first, _)| *first).collect();
        assert_eq!(firsts, (0..1000).map(|n| n * 2).collect::<Vec<_>>());
        assert!(ranges.is_sorted() && ranges.iter().all(|(.., count)| *count == 2));
        let stored = all(fresh, task).await;
        assert!(
            stored
                .iter()
                .all(|(_, first, items)| *items == format!("[{}]", first / 2))
        );
    })
    .await;
}

#[tokio::test]
async fn a_run_has_its_own_chunks() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 2).await;
        let first_run = ranges(fresh, task).await;
        execute(fresh, "UPDATE tbl_batch SET run = 2").await;
        let again = [chunk(0, "[\"second run\"]")];
        done(&fresh.database, async |c| {
            payloads::insert(c, task, &again).await
        })
        .await;
        assert_eq!(ranges(fresh, task).await, first_run);
        let second = done(&fresh.database, async |c| chunks::of_run(c, task, 2).await).await;
        assert_eq!(second.len(), 1);
        assert!(second[0].chunk_id > first_run[1].0);
    })
    .await;
}

#[tokio::test]
async fn a_chunk_cannot_be_stored_twice_in_a_run() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 1).await;
        let again = fresh.database.transaction(async |c: &mut Connection| {
            payloads::insert(c, task, &[chunk(0, "[]")]).await
        });
        assert!(again.await.unwrap_err().is_duplicate_key());
        assert_eq!(all(fresh, task).await[0].2, r#"[{"n": 0}, {"n": 1}]"#);
    })
    .await;
}

#[tokio::test]
async fn payloads_are_read_only_of_the_chunks_asked_for() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 3).await;
        let stored = ranges(fresh, task).await;
        let asked = [stored[2].0, 999_999_999];
        let found = done(&fresh.database, async |c| {
            payloads::of_chunks(c, &asked).await
        })
        .await;
        assert_eq!(
            found,
            [(stored[2].0, 4, r#"[{"n": 4}, {"n": 5}]"#.to_owned())]
        );
        let none = done(&fresh.database, async |c| payloads::of_chunks(c, &[]).await).await;
        assert_eq!(none, []);
    })
    .await;
}

#[tokio::test]
async fn a_run_without_chunks_has_no_ranges() {
    with_database(async |fresh| {
        let task = a_task(fresh).await;
        assert_eq!(ranges(fresh, task).await, []);
    })
    .await;
}

async fn ranges(fresh: &TestDatabase, task: TaskId) -> Vec<(i64, u32, u32)> {
    let ranges = done(&fresh.database, async |c| chunks::of_run(c, task, 1).await).await;
    let range = |range: &chunks::ChunkRange| (range.chunk_id, range.first_index, range.item_count);
    ranges.iter().map(range).collect()
}

async fn all(fresh: &TestDatabase, task: TaskId) -> Vec<(i64, u32, String)> {
    let ids: Vec<_> = ranges(fresh, task)
        .await
        .iter()
        .map(|(id, ..)| *id)
        .collect();
    let mut found = done(&fresh.database, async |c| {
        payloads::of_chunks(c, &ids).await
    })
    .await;
    found.sort_unstable_by_key(|(id, ..)| *id);
    found
}

//! Orders that are named by an address or a number: which of them is meant, and what the same call means again.

use task_store::chunks::ChunkKey;

use super::*;

/// An order for the address `S1` with a number of its own.
fn numbered(number: &str) -> Value {
    let mut order = order(1);
    order["out_order_no"] = json!(number);
    order
}

/// The same, with a quantity that is wrong.
fn wrong(number: &str) -> Value {
    let mut order = numbered(number);
    order["details"][0]["amount"] = json!("0");
    order
}

fn of_address(address: &str) -> Which {
    Which {
        address_id: Some(address.to_owned()),
        ..Which::default()
    }
}

/// Says that a call is refused because it means none of two orders.
async fn assert_several(
    fresh: &TestDatabase,
    queue: &MemoryQueue,
    mending: Mending<'_>,
    indexes: &str,
) {
    let refused = mend(fresh, queue, of_address("S1"), mending).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::ParamInvalid, "{refused}");
    let told = refused.to_string();
    assert!(told.contains(indexes) && told.contains("`index`"), "{told}");
}

#[tokio::test]
async fn an_address_of_several_failed_orders_means_none_and_nothing_is_changed() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        let list = [
            numbered("A"),
            wrong("B"),
            order(2),
            wrong("C"),
            wrong("D"),
            // The same once more, and so it is by its index alone that it can be named.
            wrong("B"),
        ];
        submit_orders(fresh, &queue, "b1", &list).await.unwrap();
        work_all(fresh, &queue).await;
        let by_hand = number(fresh, "SELECT MIN(id) FROM tbl_order").await;
        let before = items(fresh, "b1", None).await;
        let corrected = raw(&numbered("B"));
        for mending in [
            Mending::Dropped,
            Mending::Made(by_hand),
            Mending::Corrected(&corrected),
        ] {
            assert_several(fresh, &queue, mending, "at 1 and 3").await;
        }
        let of_number = |number: &str| Which {
            out_order_no: Some(number.to_owned()),
            ..of_address("S1")
        };
        let refused = mend(fresh, &queue, of_number("B"), Mending::Dropped).await;
        assert_eq!(code(refused), ErrorCode::ParamInvalid);
        assert_eq!(items(fresh, "b1", None).await, before);
        for _ in 0..2 {
            let mended = mend(fresh, &queue, of_number("C"), Mending::Dropped).await;
            assert_eq!(mended.unwrap().index, 3);
        }
        mend(fresh, &queue, at(1), Mending::Made(by_hand))
            .await
            .unwrap();
        assert_several(fresh, &queue, Mending::Made(by_hand), "at 1 and 3").await;
    })
    .await;
}

/// A batch `b1` of two chunks whose first and last orders are for one address, and will fail.
async fn of_two_chunks(fresh: &TestDatabase, queue: &MemoryQueue) -> Vec<ChunkKey> {
    load_station(fresh).await;
    let mut list = vec![wrong("A")];
    list.extend((2..11).map(order));
    list.push(wrong("B"));
    submit_orders(fresh, queue, "b1", &list).await.unwrap();
    let chunks = queue.take();
    assert_eq!(chunks.len(), 2);
    chunks
}

#[tokio::test]
async fn the_same_call_again_mends_no_other_order_that_has_failed_meanwhile() {
    for is_made in [false, true] {
        with_database(async |fresh| {
            let queue = MemoryQueue::default();
            let chunks = of_two_chunks(fresh, &queue).await;
            work_one(fresh, chunks[0]).await.unwrap();
            let by_hand = number(fresh, "SELECT MIN(id) FROM tbl_order").await;
            let mending = match is_made {
                true => Mending::Made(by_hand),
                false => Mending::Dropped,
            };
            for _ in 0..2 {
                let mended = mend(fresh, &queue, of_address("S1"), mending).await;
                assert_eq!(mended.unwrap().index, 0);
            }
            work_one(fresh, chunks[1]).await.unwrap();
            assert_several(fresh, &queue, mending, "at 0 and 10").await;
            let failed = items(fresh, "b1", Some(ItemStatus::Failed)).await;
            assert_eq!(failed[0]["index"], 10);
        })
        .await;
    }
}

#[tokio::test]
async fn a_correction_sent_again_finds_its_own_effect_beside_another_failed_order() {
    with_database(async |fresh| {
        let queue = MemoryQueue::default();
        let chunks = of_two_chunks(fresh, &queue).await;
        work_one(fresh, chunks[0]).await.unwrap();
        let corrected = raw(&numbered("A"));
        let correct = async || {
            let mending = Mending::Corrected(&corrected);
            let mended = mend(fresh, &queue, of_address("S1"), mending).await;
            let mended = mended.unwrap();
            (mended.index, mended.status)
        };
        assert_eq!(correct().await, (0, "pending"));
        work_one(fresh, chunks[1]).await.unwrap();
        assert_eq!(correct().await, (0, "pending"));
        work_all(fresh, &queue).await;
        assert_eq!(correct().await, (0, "success"));
        let failed = items(fresh, "b1", Some(ItemStatus::Failed)).await;
        assert_eq!(
            (failed.len(), &failed[0]["out_order_no"]),
            (1, &json!("B")),
            "the other one still waits for its mending"
        );
        let mending = raw(&numbered("B"));
        let mended = mend(
            fresh,
            &queue,
            of_address("S1"),
            Mending::Corrected(&mending),
        )
        .await;
        assert_eq!(mended.unwrap().index, 10, "another content is another call");
    })
    .await;
}

#[tokio::test]
async fn a_correction_is_found_again_by_the_address_that_it_has_corrected() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        submit_orders(fresh, &queue, "b1", &[order(0), order(404)])
            .await
            .unwrap();
        work_all(fresh, &queue).await;
        let corrected = raw(&order(4));
        let correct = async |which| {
            let mended = mend(fresh, &queue, which, Mending::Corrected(&corrected)).await;
            mended.map(|mended| (mended.index, mended.status))
        };
        let placed = || Which {
            index: Some(1),
            ..of_address("S404")
        };
        for which in [of_address("S404"), of_address("S404"), placed()] {
            assert_eq!(correct(which).await.unwrap(), (1, "pending"));
        }
        work_all(fresh, &queue).await;
        for which in [of_address("S404"), of_address("S4"), placed(), at(1)] {
            assert_eq!(correct(which).await.unwrap(), (1, "success"));
        }
        for which in [of_address("S0"), at(0)] {
            assert_eq!(code(correct(which).await), ErrorCode::OrderNotFound);
        }
        assert_eq!(number(fresh, "SELECT COUNT(*) FROM tbl_order").await, 2);
    })
    .await;
}

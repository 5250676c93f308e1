//! An exhaustive model of the engine: every order of every step of two workers, the sweeper, the queue and a close, with
//! up to five crashes, lost and doubled messages, zombies, workers whose time is up and orders that are worked by themselves
//! and refused. Engines that are broken on purpose
//! must be caught.

mod state;

use std::collections::{HashMap, VecDeque};

use state::{Engine, State};

/// Everything that can be reached.
struct Explored {
    states: usize,
    /// A broken promise and the number of steps to it.
    broken: Option<(&'static str, usize)>,
    /// States from which the task cannot end any more unless somebody closes it or a fault helps.
    stuck: usize,
}

/// Visits every reachable state, nearest first.
fn explore(engine: Engine, faults: u8) -> Explored {
    let first = State::submitted(faults);
    let mut depths = vec![0];
    let mut leads_to_by_itself: Vec<Vec<usize>> = vec![Vec::new()];
    let mut ended = Vec::new();
    let mut broken = None;
    let mut numbers = HashMap::from([(first.clone(), 0)]);
    let mut queue = VecDeque::from([(0, first)]);
    while let Some((number, state)) = queue.pop_front() {
        if let (None, Some(promise)) = (broken, state.broken()) {
            broken = Some((promise, depths[number]));
        }
        if state.result.is_some() {
            ended.push(number);
        }
        for next in state.steps(engine) {
            let known = numbers.len();
            let to = *numbers.entry(next.state.clone()).or_insert(known);
            if to == known {
                depths.push(depths[number] + 1);
                leads_to_by_itself.push(Vec::new());
                queue.push_back((to, next.state));
            }
            if !next.is_chance {
                leads_to_by_itself[to].push(number);
            }
        }
    }
    Explored {
        states: numbers.len(),
        broken,
        stuck: numbers.len() - reaching(&ended, &leads_to_by_itself),
    }
}

/// How many states lead to one of these.
fn reaching(ends: &[usize], predecessors: &[Vec<usize>]) -> usize {
    let mut reaches = vec![false; predecessors.len()];
    let mut queue: Vec<usize> = ends.to_vec();
    while let Some(state) = queue.pop() {
        if !std::mem::replace(&mut reaches[state], true) {
            queue.extend(&predecessors[state]);
        }
    }
    reaches.into_iter().filter(|reaches| *reaches).count()
}

#[test]
fn the_engine_keeps_its_promises_in_every_state() {
    let explored = explore(Engine::Real, 5);
    println!("{} states", explored.states);
    assert_eq!(explored.broken, None);
    assert_eq!(
        explored.stuck, 0,
        "from everywhere the task can still end by itself"
    );
    assert!(explored.states > 50_000, "{} states", explored.states);
}

#[test]
fn the_engine_keeps_its_promises_in_every_state_with_a_cap_on_its_station() {
    let explored = explore(Engine::Capped, 3);
    println!("{} states", explored.states);
    assert_eq!(explored.broken, None);
    assert_eq!(explored.stuck, 0, "a chunk that waits is not forgotten");
    assert!(explored.states > 50_000, "{} states", explored.states);
}

#[test]
fn no_turn_is_lost_between_two_workers_though_nobody_sweeps() {
    let explored = explore(Engine::CappedUnswept, 0);
    println!("{} states", explored.states);
    assert_eq!((explored.broken, explored.stuck), (None, 0));
}

#[test]
fn letting_a_chunk_wait_without_looking_again_is_caught() {
    let explored = explore(Engine::TurnLost, 0);
    println!("{} of {} states are stuck", explored.stuck, explored.states);
    assert!(
        explored.stuck > 0,
        "the worker that made room had looked for waiting chunks before"
    );
}

#[test]
fn a_sweeper_that_does_not_see_waiting_chunks_is_caught() {
    let explored = explore(Engine::CappedUnswept, 1);
    println!("{} of {} states are stuck", explored.stuck, explored.states);
    assert!(
        explored.stuck > 0,
        "the worker that should have taken it died"
    );
}

#[test]
fn finishing_inside_the_chunks_transaction_is_caught() {
    let explored = explore(Engine::FinishInsideTheChunk, 0);
    println!("{} of {} states are stuck", explored.stuck, explored.states);
    assert!(explored.stuck > 0, "two last chunks do not see each other");
}

#[test]
fn a_commit_without_a_fence_is_caught() {
    let explored = explore(Engine::NoFence, 1);
    println!("{:?} in {} states", explored.broken, explored.states);
    assert!(explored.broken.is_some());
}

#[test]
fn working_an_order_again_that_an_earlier_attempt_refused_is_caught() {
    let explored = explore(Engine::SettledAgain, 3);
    println!("{:?} in {} states", explored.broken, explored.states);
    let broken = explored.broken.map(|(promise, _)| promise);
    assert_eq!(broken, Some("an order that was reported failed was made"));
}

#[test]
fn counting_a_try_without_a_fence_is_caught() {
    let explored = explore(Engine::UnfencedTry, 1);
    println!("{:?} in {} states", explored.broken, explored.states);
    let broken = explored.broken.map(|(promise, _)| promise);
    assert_eq!(broken, Some("pending for ever"));
}

#[test]
fn acknowledging_a_message_because_somebody_holds_its_chunk_is_caught() {
    let explored = explore(Engine::AckWhenHeld, 2);
    println!("{} of {} states are stuck", explored.stuck, explored.states);
    assert!(
        explored.stuck > 0,
        "its holder died, and no worker is told again"
    );
}

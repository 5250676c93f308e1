//! The state of a batch after any sequence of steps, in plain data.

use std::collections::BTreeSet;

use task_engine::Counts;
use task_service::ErrorCode;
use task_store::items::ItemStatus;

/// Orders of a batch, in chunks of ten.
pub(super) const ORDERS: u32 = 25;
const CHUNK: u32 = 10;

/// A list of orders that can be submitted: all for the same addresses, some of them wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct List(pub(super) u32);

impl List {
    /// Which orders are wrong: none of the first list, others of each other one.
    pub(super) fn is_wrong(self, index: u32) -> bool {
        self.0 > 0 && index.is_multiple_of(4 + self.0)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Open,
    /// Somebody has it, and may be dead.
    Held,
    Done,
    Cancelled,
}

#[derive(Debug)]
pub(super) struct Model {
    pub(super) run: u32,
    pub(super) status: u8,
    pub(super) is_shown: bool,
    pub(super) chunks: Vec<State>,
    list: List,
    items: Vec<ItemStatus>,
    /// The addresses that have an order.
    pub(super) made: BTreeSet<u32>,
}

/// How working or burying a chunk ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Worked {
    Acknowledged,
    Held,
}

impl Model {
    pub(super) fn new() -> Self {
        Self {
            run: 0,
            status: 3,
            is_shown: true,
            chunks: Vec::new(),
            list: List(0),
            items: Vec::new(),
            made: BTreeSet::new(),
        }
    }

    pub(super) fn submit(&mut self, list: List) -> Result<(), ErrorCode> {
        if self.status != 3 {
            return (self.list == list)
                .then_some(())
                .ok_or(ErrorCode::TaskConflict);
        }
        if self.run > 0 && self.list == list {
            self.submit_again();
            return Ok(());
        }
        self.run += 1;
        (self.status, self.is_shown, self.list) = (1, true, list);
        self.chunks = vec![State::Open; ORDERS.div_ceil(CHUNK) as usize];
        self.items = vec![ItemStatus::Pending; ORDERS as usize];
        Ok(())
    }

    /// Submits the same list once more: nothing after a close, else only failed items are worked again.
    fn submit_again(&mut self) {
        let has = |wanted| self.items.contains(&wanted);
        if has(ItemStatus::Cancelled) || !has(ItemStatus::Failed) {
            return;
        }
        self.run += 1;
        (self.status, self.is_shown) = (1, true);
        for chunk in 0..self.chunks.len() {
            self.chunks[chunk] = State::Done;
            for index in Self::indexes(chunk) {
                let item = &mut self.items[index as usize];
                if *item == ItemStatus::Failed {
                    *item = ItemStatus::Pending;
                    self.chunks[chunk] = State::Open;
                }
            }
        }
    }

    /// Gives every item of a chunk that has no outcome one.
    fn settle(&mut self, chunk: usize, outcome: ItemStatus) {
        for index in Self::indexes(chunk) {
            let item = &mut self.items[index as usize];
            if *item == ItemStatus::Pending {
                *item = outcome;
            }
        }
    }

    /// A worker claims a chunk and dies.
    pub(super) fn abandon(&mut self, chunk: usize) -> bool {
        let is_open = self.chunks[chunk] == State::Open;
        if is_open {
            self.chunks[chunk] = State::Held;
        }
        is_open
    }

    /// Every lease runs out.
    pub(super) fn expire(&mut self) {
        for chunk in &mut self.chunks {
            if *chunk == State::Held {
                *chunk = State::Open;
            }
        }
    }

    pub(super) fn work(&mut self, chunk: usize) -> Worked {
        if self.chunks[chunk] == State::Open {
            for index in Self::indexes(chunk) {
                if self.items[index as usize] != ItemStatus::Pending {
                    continue;
                }
                let is_right = !self.list.is_wrong(index) || self.made.contains(&index);
                if is_right {
                    self.made.insert(index);
                }
                self.items[index as usize] = match is_right {
                    true => ItemStatus::Success,
                    false => ItemStatus::Failed,
                };
            }
            self.status = 2;
        }
        self.done(chunk)
    }

    /// As [`Self::work`], where a chunk waits while another one of its station is in work.
    pub(super) fn work_capped(&mut self, chunk: usize) -> Worked {
        let waits = self.chunks[chunk] == State::Open && self.chunks.contains(&State::Held);
        if waits {
            return Worked::Acknowledged;
        }
        self.work(chunk)
    }

    /// Handles a dead letter: a chunk that has stalled its workers is given up, another chunk is announced again.
    pub(super) fn bury(&mut self, chunk: usize, stalled: bool) -> Worked {
        let is_open = matches!(self.chunks[chunk], State::Open | State::Held);
        if is_open && !stalled {
            return Worked::Acknowledged;
        }
        if self.chunks[chunk] == State::Open {
            self.settle(chunk, ItemStatus::Failed);
        }
        self.done(chunk)
    }

    fn done(&mut self, chunk: usize) -> Worked {
        match self.chunks[chunk] {
            State::Held => return Worked::Held,
            State::Open => self.chunks[chunk] = State::Done,
            State::Done | State::Cancelled => {}
        }
        let is_open = |state: &State| matches!(state, State::Open | State::Held);
        if !self.chunks.iter().any(is_open) {
            self.status = 3;
        }
        Worked::Acknowledged
    }

    pub(super) fn close(&mut self) {
        for chunk in 0..self.chunks.len() {
            if matches!(self.chunks[chunk], State::Open | State::Held) {
                self.chunks[chunk] = State::Cancelled;
                self.settle(chunk, ItemStatus::Cancelled);
            }
        }
        (self.status, self.is_shown) = (3, false);
    }

    /// A person gives a failed order up; again is harmless.
    pub(super) fn drop_order(&mut self, index: u32) -> Result<(), ErrorCode> {
        match &mut self.items[index as usize] {
            status @ (ItemStatus::Failed | ItemStatus::Dropped) => {
                *status = ItemStatus::Dropped;
                Ok(())
            }
            _ => Err(ErrorCode::OrderNotFound),
        }
    }

    pub(super) fn counts(&self) -> Counts {
        let of = |wanted| {
            self.items
                .iter()
                .filter(|status| **status == wanted)
                .count()
        };
        let count = |wanted| u32::try_from(of(wanted)).unwrap();
        Counts {
            total: ORDERS,
            pending: count(ItemStatus::Pending),
            success: count(ItemStatus::Success),
            failed: count(ItemStatus::Failed),
            amended: 0,
            dropped: count(ItemStatus::Dropped),
            cancelled: count(ItemStatus::Cancelled),
        }
    }

    fn indexes(chunk: usize) -> std::ops::Range<u32> {
        let first = u32::try_from(chunk).unwrap() * CHUNK;
        first..(first + CHUNK).min(ORDERS)
    }
}

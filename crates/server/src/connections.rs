//! The open connections: how many, what each waits for, and which must end.
//!
//! One check of all of them every half second replaces a timer for each connection. Time is counted in checks, so that
//! a request costs neither a timer nor a reading of the clock. When the table is full, the connection that has waited
//! longest for a request is closed. Strangers have a share of the table, and each user or host of them a share of that.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

/// Maximum number of open connections.
const MAX_CONNECTIONS: usize = 1024;
/// Maximum number of open connections of strangers, so that they cannot block the server.
const MAX_STRANGERS: usize = 128;
/// Maximum number of open connections of one stranger.
const MAX_OF_ONE_STRANGER: usize = 32;
/// Interval between checks of the time limits. The two limits below are counted in checks.
const CHECK_INTERVAL: Duration = Duration::from_millis(500);
/// From a request's first byte to the end of its head: 5 s. (One more check, because the first interval is shorter.)
const HEAD_CHECKS: u64 = 11;
/// From an answer to the next request's first byte: 60 s.
const IDLE_CHECKS: u64 = 121;

/// All open connections of one server.
#[derive(Default)]
pub(crate) struct Connections {
    table: Mutex<Table>,
    /// The number of checks so far.
    looks: Arc<AtomicU64>,
    one_opened: Notify,
    one_closed: Notify,
}

#[derive(Default)]
struct Table {
    next_id: u64,
    open: BTreeMap<u64, Arc<Activity>>,
}

/// A peer that is not the server's own user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Stranger {
    /// Another user of this host.
    User(u32),
    /// A peer whose user is not known, such as a container.
    Host(IpAddr),
}

/// A place in the table. It is free again after the drop.
pub(crate) struct Ticket {
    connections: Arc<Connections>,
    id: u64,
    activity: Arc<Activity>,
}

/// What one connection does now. Shared between its task and the table.
pub(crate) struct Activity {
    state: Mutex<State>,
    looks: Arc<AtomicU64>,
    ordered: Notify,
}

#[derive(Clone, Copy)]
struct State {
    phase: Phase,
    /// The stranger that holds the connection, until it has shown a valid token.
    stranger: Option<Stranger>,
    order: Option<Order>,
    leaves_bytes_unread: bool,
}

/// What a connection does. `since` is a number of checks.
#[derive(Clone, Copy)]
enum Phase {
    /// Accepted, and no byte has arrived yet.
    New { since: u64 },
    /// A part of a request's head has arrived.
    Head { since: u64 },
    /// A request is being answered; its own time limits apply.
    Busy,
    /// Answered, and no byte has arrived since.
    Idle { since: u64 },
}

/// An order from the table to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Finish the current request, then close.
    Drain,
    /// Close now.
    Close,
    /// Close now, and answer that the head took too long.
    EndSlowHead,
}

impl Connections {
    /// Waits for a place. `None`: strangers have all that they may, and none of those connections waits for a request.
    pub(crate) async fn admit(self: &Arc<Self>, stranger: Option<Stranger>) -> Option<Ticket> {
        loop {
            {
                let mut table = self.lock();
                if stranger.is_some_and(|stranger| !table.make_room_for(stranger)) {
                    return None;
                }
                if table.open.len() < MAX_CONNECTIONS {
                    return Some(self.insert(&mut table, stranger));
                }
                table.close_longest_waiting();
            }
            self.one_closed.notified().await;
        }
    }

    /// The number of open connections.
    pub(crate) fn count(&self) -> usize {
        self.lock().open.len()
    }

    /// Closes the connection that has waited longest for a request, if one waits.
    pub(crate) fn make_room(&self) {
        self.lock().close_longest_waiting();
    }

    /// Ends connections that exceed a time limit. Never returns.
    pub(crate) async fn watch_time(&self) {
        loop {
            while self.lock().open.is_empty() {
                self.one_opened.notified().await;
            }
            tokio::time::sleep(CHECK_INTERVAL).await;
            self.looks.fetch_add(1, Ordering::Relaxed);
            for activity in self.lock().open.values() {
                activity.end_if_overdue();
            }
        }
    }

    /// Lets every connection finish its current request, and waits until the last one has closed.
    pub(crate) async fn drain(&self) {
        for activity in self.lock().open.values() {
            activity.give(Order::Drain);
        }
        while !self.lock().open.is_empty() {
            self.one_closed.notified().await;
        }
    }

    fn insert(self: &Arc<Self>, table: &mut Table, stranger: Option<Stranger>) -> Ticket {
        let id = table.next_id;
        table.next_id += 1;
        let activity = Arc::new(Activity::new(Arc::clone(&self.looks), stranger));
        table.open.insert(id, Arc::clone(&activity));
        self.one_opened.notify_one();
        Ticket { connections: Arc::clone(self), id, activity }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn close_longest_waiting(&self) {
        close_longest_waiting(self.open.values());
    }

    /// Makes room for another connection of a stranger, if possible. A stranger that has its share loses one of its own
    /// connections. Otherwise the stranger with the most connections loses one. A new one is not refused while an old one waits: behind one address there can be a flood and
    /// a container with a token, which has not been able to show it yet.
    fn make_room_for(&self, stranger: Stranger) -> bool {
        let mut held: HashMap<Stranger, usize> = HashMap::new();
        let strangers = self.open.values().filter(|activity| !activity.has_order());
        for stranger in strangers.clone().filter_map(|activity| activity.stranger()) {
            *held.entry(stranger).or_default() += 1;
        }
        let of_this = held.get(&stranger).copied().unwrap_or_default();
        let has_its_share = of_this >= MAX_OF_ONE_STRANGER;
        if !has_its_share && held.values().sum::<usize>() < MAX_STRANGERS {
            return true;
        }
        let most = held.into_iter().max_by_key(|(who, count)| (*count, *who == stranger));
        let loses = if has_its_share { Some(stranger) } else { most.map(|(most, _)| most) };
        close_longest_waiting(strangers.filter(|it| it.stranger() == loses))
    }
}

/// Closes the connection that has waited longest for a request. Returns whether one waits.
fn close_longest_waiting<'a>(connections: impl Iterator<Item = &'a Arc<Activity>>) -> bool {
    let waiting = connections.filter_map(|it| it.waiting_since().map(|since| (since, it)));
    let longest = waiting.min_by_key(|(since, _)| *since);
    if let Some((_, activity)) = longest {
        activity.give(Order::Close);
    }
    longest.is_some()
}

impl Ticket {
    pub(crate) fn activity(&self) -> &Arc<Activity> {
        &self.activity
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut table = self.connections.lock();
        table.open.remove(&self.id);
        drop(table);
        self.connections.one_closed.notify_one();
    }
}

impl State {
    /// A stranger waits no longer between two requests than for the first one.
    fn idle_checks(&self) -> u64 {
        self.stranger.map_or(IDLE_CHECKS, |_| HEAD_CHECKS)
    }
}

impl Activity {
    fn new(looks: Arc<AtomicU64>, stranger: Option<Stranger>) -> Self {
        let phase = Phase::New { since: looks.load(Ordering::Relaxed) };
        let state = State { phase, stranger, order: None, leaves_bytes_unread: false };
        Self { state: Mutex::new(state), looks, ordered: Notify::new() }
    }

    fn now(&self) -> u64 {
        self.looks.load(Ordering::Relaxed)
    }

    /// Notes that bytes arrived from the peer.
    pub(crate) fn bytes_came(&self) {
        let mut state = self.lock();
        match state.phase {
            Phase::New { since } => state.phase = Phase::Head { since },
            Phase::Idle { .. } => state.phase = Phase::Head { since: self.now() },
            Phase::Head { .. } | Phase::Busy => {}
        }
    }

    /// Notes that a request's head is complete.
    pub(crate) fn request_began(&self) {
        self.lock().phase = Phase::Busy;
    }

    /// Notes that the request was answered.
    pub(crate) fn request_ended(&self) {
        self.lock().phase = Phase::Idle { since: self.now() };
    }

    /// Notes that the peer has shown a valid token. Its connection does not count as a stranger's any more.
    pub(crate) fn showed_valid_token(&self) {
        self.lock().stranger = None;
    }

    /// The stranger that holds the connection. `None`: our own user does, or it has shown a valid token.
    pub(crate) fn stranger(&self) -> Option<Stranger> {
        self.lock().stranger
    }

    fn has_order(&self) -> bool {
        self.lock().order.is_some()
    }

    /// Notes that the request was answered before its whole body was read.
    pub(crate) fn leave_bytes_unread(&self) {
        self.lock().leaves_bytes_unread = true;
    }

    /// Whether the peer may still send bytes that the server will not read.
    pub(crate) fn leaves_bytes_unread(&self) -> bool {
        self.lock().leaves_bytes_unread
    }

    /// Waits for an order from the table.
    pub(crate) async fn ordered(&self) -> Order {
        loop {
            self.ordered.notified().await;
            if let Some(order) = self.lock().order {
                return order;
            }
        }
    }

    fn give(&self, order: Order) {
        self.lock().order = Some(order);
        self.ordered.notify_one();
    }

    fn waiting_since(&self) -> Option<u64> {
        let state = self.lock();
        match (state.order, state.phase) {
            (Some(_), _) | (None, Phase::Busy) => None,
            (None, Phase::New { since } | Phase::Head { since } | Phase::Idle { since }) => {
                Some(since)
            }
        }
    }

    fn end_if_overdue(&self) {
        let (now, state) = (self.now(), *self.lock());
        let order = match state.phase {
            Phase::New { since } if now - since >= HEAD_CHECKS => Order::Close,
            Phase::Head { since } if now - since >= HEAD_CHECKS => Order::EndSlowHead,
            Phase::Idle { since } if now - since >= state.idle_checks() => Order::Close,
            Phase::New { .. } | Phase::Head { .. } | Phase::Busy | Phase::Idle { .. } => return,
        };
        if state.order != Some(order) {
            self.give(order);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;

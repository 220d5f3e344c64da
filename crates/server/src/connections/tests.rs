use super::*;

async fn admit(connections: &Arc<Connections>) -> Ticket {
    connections.admit(None).await.unwrap()
}

fn order_of(ticket: &Ticket) -> Option<Order> {
    ticket.activity.lock().order
}

#[tokio::test(start_paused = true)]
async fn a_head_may_take_five_seconds_and_an_idle_connection_sixty() {
    let connections = Arc::new(Connections::default());
    let watching = Arc::clone(&connections);
    let watch = tokio::spawn(async move { watching.watch_time().await });
    let silent = admit(&connections).await;
    let slow = admit(&connections).await;
    slow.activity.bytes_came();
    let idle = admit(&connections).await;
    idle.activity.request_began();
    idle.activity.request_ended();
    let busy = admit(&connections).await;
    busy.activity.request_began();
    tokio::time::sleep(Duration::from_secs(4)).await;
    slow.activity.bytes_came(); // a byte now and then does not extend the limit
    assert_eq!(order_of(&silent), None);
    assert_eq!(order_of(&slow), None);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(order_of(&silent), Some(Order::Close));
    assert_eq!(order_of(&slow), Some(Order::EndSlowHead));
    assert_eq!(order_of(&idle), None);
    tokio::time::sleep(Duration::from_secs(55)).await;
    assert_eq!(order_of(&idle), Some(Order::Close));
    assert_eq!(order_of(&busy), None);
    watch.abort();
}

#[tokio::test]
async fn a_full_table_closes_the_connection_that_has_waited_longest() {
    let connections = Arc::new(Connections::default());
    let mut tickets = Vec::new();
    for _ in 0..MAX_CONNECTIONS {
        tickets.push(admit(&connections).await);
    }
    connections.looks.fetch_add(1, Ordering::Relaxed);
    tickets[1].activity.request_began();
    tickets[1].activity.request_ended(); // waits for a shorter time
    tickets[0].activity.request_began(); // busy: not closed
    let waiting = Arc::clone(&connections);
    let admitted = tokio::spawn(async move { waiting.admit(None).await.is_some() });
    tokio::task::yield_now().await;
    assert_eq!(order_of(&tickets[0]), None);
    assert_eq!(order_of(&tickets[1]), None);
    assert_eq!(order_of(&tickets[2]), Some(Order::Close));
    assert_eq!(order_of(&tickets[3]), None);
    drop(tickets.remove(2));
    assert!(admitted.await.unwrap());
}

#[tokio::test]
async fn strangers_cannot_take_every_connection_and_none_of_them_those_of_the_others() {
    let connections = Arc::new(Connections::default());
    let user = |uid| Some(Stranger::User(uid));
    let container = Some(Stranger::Host([172, 17, 0, 2].into()));
    let mut tickets = Vec::new();
    for uid in 1..=4 {
        for _ in 0..32 {
            tickets.push(connections.admit(user(uid)).await.unwrap());
        }
        let newest = connections.admit(user(uid)).await.unwrap();
        let own = tickets.iter().rev().take(32);
        let closed = own.filter(|ticket| order_of(ticket) == Some(Order::Close));
        assert_eq!(
            closed.count(),
            1,
            "one has its share at most: an older one of its own is closed"
        );
        tickets.retain(|ticket| order_of(ticket).is_none());
        tickets.push(newest);
    }
    assert!(connections.admit(None).await.is_some(), "our user is no stranger");
    let of_container = connections.admit(container).await.unwrap();
    let closed = tickets.iter().filter(|ticket| order_of(ticket) == Some(Order::Close));
    assert_eq!(closed.count(), 1, "room is made among those who hold the most");
    for ticket in &tickets {
        ticket.activity.request_began();
    }
    of_container.activity.request_began();
    assert!(connections.admit(container).await.is_none(), "nobody waits");
    of_container.activity.showed_valid_token();
    tickets.pop();
    assert!(connections.admit(container).await.is_some(), "the other one does not count");
}

#[tokio::test]
async fn draining_ends_when_the_last_connection_has_closed() {
    let connections = Arc::new(Connections::default());
    let ticket = admit(&connections).await;
    let draining = Arc::clone(&connections);
    let drain = tokio::spawn(async move { draining.drain().await });
    assert_eq!(ticket.activity.ordered().await, Order::Drain);
    assert!(!drain.is_finished());
    drop(ticket);
    drain.await.unwrap();
}

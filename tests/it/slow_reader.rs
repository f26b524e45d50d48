//! A reader that does not read harms nobody.

use causerie_client::{
    client::authorized,
    v1::{self, chat_service_client::ChatServiceClient, event::Kind},
};

use crate::support::{
    Database, Person, Server,
    people::{send_request, text_of},
    within_secs,
};

const READERS: usize = 100;
const MESSAGES: usize = 600;

/// A hundred read, one never does: they get everything, and the one is cut off
/// within the patience of the server, however much is posted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_reader_that_never_reads_among_a_hundred_that_do() {
    let server = Server::start_with(Database::Sqlite, |config| {
        config.server.max_streams_per_user = 200;
        // It holds for those that do read too, however the machine stalls.
        config.stream.slow_reader_ms = 10_000;
        config.stream.queue = 64;
    })
    .await;
    let ada = Person::register(&server.url, "ada").await;
    let room = ada.create_room("Room").await;

    // The one that never reads: its flow-control window fills, then its queue.
    let bob = Person::register(&server.url, "bob").await;
    bob.join(&room).await;
    let token = bob.client.access_token().await.expect("a token");
    let request = authorized(v1::SubscribeRequest::default(), &token).expect("a token");
    let mut sleeping = ChatServiceClient::new(bob.client.channel())
        .subscribe(request)
        .await
        .expect("a stream")
        .into_inner();

    let mut readers = tokio::task::JoinSet::new();
    for _ in 0..READERS {
        let mut stream = ada.stream().await;
        readers.spawn(async move {
            for n in 0..MESSAGES {
                let message = stream.message().await;
                assert_eq!(message.client_message_id, n.to_string());
            }
        });
    }
    // 600 messages of 4,000 characters are more than the windows hold.
    let text = "x".repeat(4_000);
    for n in 0..MESSAGES {
        ada.client.send_message(send_request(&room, &text, &n.to_string())).await.expect("sent");
    }
    within_secs(120, "the readers", async {
        while let Some(done) = readers.join_next().await {
            done.expect("each got everything in order");
        }
    })
    .await;

    // Cut off, its user is online no more.
    let members =
        v1::ListMembersRequest { room_id: room.clone(), query: "bob".into(), ..Default::default() };
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(50));
    within_secs(60, "the one that never reads to be cut off", async {
        loop {
            ticks.tick().await;
            let page = ada.client.list_members(members.clone()).await.expect("members");
            if page.presences[0].state() == v1::PresenceState::Offline {
                return;
            }
        }
    })
    .await;

    // When it reads at last, it finds what had fitted on the way, and the end.
    let mut seen = 0;
    let error = within_secs(60, "the end of the stream that was not read", async {
        loop {
            match sleeping.message().await {
                Ok(Some(response)) => {
                    for event in response.events.into_iter().filter_map(|event| event.kind) {
                        if let Kind::Change(v1::RoomChange { message: Some(message), .. }) = event {
                            assert_eq!(
                                message.client_message_id,
                                seen.to_string(),
                                "without a hole"
                            );
                            assert_eq!(text_of(&message).len(), 4_000);
                            seen += 1;
                        }
                    }
                }
                Ok(None) => return None,
                Err(status) => return Some(causerie_client::Error::from(status)),
            }
        }
    })
    .await;
    assert!(seen < MESSAGES, "it was not cut off");
    if let Some(error) = error {
        assert_eq!(error.reason, "SLOW_READER", "{error:?}");
    }
    server.end().await;
}

/// One that falls behind for a while is told so, and catches up from the log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_falls_behind_catches_up_from_the_log() {
    let server = Server::start_with(Database::Sqlite, |config| {
        config.stream.slow_reader_ms = 60_000;
        config.stream.queue = 4;
    })
    .await;
    let ada = Person::register(&server.url, "ada").await;
    let room = ada.create_room("Room").await;
    let phone = ada.sign_in_again(&server.url).await;
    let mut slow = phone.stream().await;
    let text = "x".repeat(4_000);
    for n in 0..MESSAGES {
        ada.client.send_message(send_request(&room, &text, &n.to_string())).await.expect("sent");
    }
    // What is told once, and in no log, comes after what the queue holds.
    let bob = Person::register(&server.url, "bob").await;
    bob.client
        .block_user(v1::BlockUserRequest { user_id: ada.user.id.clone() })
        .await
        .expect("blocked");
    let choice = v1::SetPresenceRequest {
        connection_id: slow.ready.connection_id.clone(),
        state: v1::PresenceState::DoNotDisturb.into(),
        ..Default::default()
    };
    ada.client.set_presence(choice).await.expect("set");
    let profile = v1::UpdateProfileRequest {
        display_name: Some("Ada, renamed".into()),
        ..Default::default()
    };
    ada.client.update_profile(profile).await.expect("renamed");

    let mut lagged = false;
    let mut next = 0;
    let (mut blocks, mut choice, mut name) = (None, None, None);
    while next < MESSAGES || blocks.is_none() || choice.is_none() || name.is_none() {
        match slow.event().await.expect("an event") {
            Some(Kind::Lagging(_)) => lagged = true,
            Some(Kind::Blocks(now)) => blocks = Some(now.user_ids),
            Some(Kind::PresenceChoice(now)) => choice = Some(now),
            Some(Kind::UserChanged(now)) => name = now.user.map(|user| user.display_name),
            Some(Kind::Change(v1::RoomChange { message: Some(message), .. }))
                if message.room_id == room =>
            {
                assert_eq!(message.client_message_id, next.to_string());
                next += 1;
            }
            Some(_) => {}
            None => panic!("the stream ended at {next}"),
        }
    }
    assert!(lagged, "it was never told that it lags");
    assert_eq!(blocks, Some(vec![bob.user.id]));
    assert_eq!(choice, Some(v1::PresenceState::DoNotDisturb.into()));
    assert_eq!(name.as_deref(), Some("Ada, renamed"));
    slow.until("live again", |event| matches!(event, Kind::Live(_)).then_some(())).await;
    let live = ada.send(&room, "live").await;
    assert_eq!(slow.message().await, live);
    server.end().await;
}

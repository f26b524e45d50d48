//! Limits of how often, and of how many at once.

use std::time::Instant;

use causerie_client::{
    Error,
    v1::{self, chat_request::Command},
};
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use crate::support::{Database, Person, Server, within};

fn too_fast(error: &Error) {
    assert_eq!((error.code, error.reason.as_str()), (Code::ResourceExhausted, "RATE_LIMITED"));
    assert!(error.retry_after.is_some_and(|delay| !delay.is_zero()));
}

#[tokio::test]
async fn posting_too_fast_is_refused_with_a_delay() {
    let server = Server::start_with(Database::Sqlite, |config| {
        config.chat.messages_per_second = 1;
        // The room that is made counts too.
        config.chat.messages_burst = 4;
    })
    .await;
    let ada = Person::register(&server.url, "ada").await;
    let room = ada.create_room("Room").await;
    let begun = Instant::now();
    let all = (0..50).map(async |n| ada.try_send(&room, "hi", &format!("id-{n}")).await);
    let all = futures::future::join_all(all).await;
    let accepted = all.iter().filter(|answer| answer.is_ok()).count();
    // One more for each second that this took.
    let most = 4 + usize::try_from(begun.elapsed().as_secs()).expect("a short time");
    assert!((3..=most).contains(&accepted), "{accepted} of at most {most}");
    let refused: Vec<_> = all.into_iter().filter_map(Result::err).collect();
    assert!(!refused.is_empty(), "nothing was refused");
    for error in refused {
        too_fast(&error);
    }
    server.end().await;
}

#[tokio::test]
async fn calling_too_often_is_refused_with_a_delay_on_streams_too() {
    let server = Server::start_with(Database::Sqlite, |config| {
        config.chat.calls_per_second = 1;
        config.chat.calls_burst = 4;
    })
    .await;
    let ada = Person::register(&server.url, "ada").await;
    let mut stream = ada.stream().await;
    let rooms = || v1::ListRoomsRequest::default();
    let watch = || Command::WatchRooms(v1::WatchRoomsRequest::default());
    // Of one allowance, whichever way they come; opening the stream was the first.
    let begun = Instant::now();
    for n in 0..25 {
        stream.order(&n.to_string(), watch()).await;
    }
    let calls = (0..25).map(async |_| ada.client.list_rooms(rooms()).await.map(drop));
    let calls = futures::future::join_all(calls).await;
    let mut commands = Vec::new();
    for n in 0..25 {
        commands.push(stream.reply(&n.to_string()).await.map(drop));
    }
    let accepted = calls.iter().chain(&commands).filter(|answer| answer.is_ok()).count();
    let most = 4 + usize::try_from(begun.elapsed().as_secs()).expect("a short time");
    assert!((3..=most).contains(&accepted), "{accepted} of at most {most}");
    for answers in [calls, commands] {
        let refused: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
        assert!(!refused.is_empty(), "nothing was refused");
        for error in refused {
            too_fast(&error);
        }
    }
    // It is each user's own allowance.
    let bob = Person::register(&server.url, "bob").await;
    bob.client.list_rooms(rooms()).await.expect("rooms");
    server.end().await;
}

#[tokio::test]
async fn a_burst_of_streams_opens_no_more_than_allowed() {
    let server = Server::start_with(Database::Sqlite, |config| {
        config.server.max_streams_per_user = 3;
    })
    .await;
    let ada = Person::register(&server.url, "ada").await;
    let opened = futures::future::join_all((0..20).map(|_| ada.open())).await;
    assert_eq!(opened.iter().filter(|stream| stream.is_ok()).count(), 3);
    for refused in opened.into_iter().filter_map(Result::err) {
        assert_eq!(refused.reason, "TOO_MANY_STREAMS");
    }
    server.end().await;
}

#[tokio::test]
async fn streams_of_all_services_count_together() {
    let server = Server::start_with(Database::Sqlite, |config| {
        config.server.max_streams_per_user = 3;
    })
    .await;
    let ada = Person::register(&server.url, "ada").await;
    let token = ada.client.access_token().await.expect("a token");
    let channel = tonic::transport::Endpoint::from_shared(server.url.clone()).expect("a URL");
    let channel = channel.connect().await.expect("connected");
    let watch = async || {
        let mut request = tonic::Request::new(HealthCheckRequest::default());
        let token = format!("Bearer {token}").parse().expect("a header");
        request.metadata_mut().insert("authorization", token);
        HealthClient::new(channel.clone()).watch(request).await
    };
    let chat = ada.stream().await;
    let health = [watch().await.expect("a stream"), watch().await.expect("a stream")];
    assert_eq!(ada.open().await.err().expect("one too many").reason, "TOO_MANY_STREAMS");
    let refused = watch().await.expect_err("one too many");
    assert_eq!(refused.code(), Code::ResourceExhausted);
    drop(chat);
    within("a free place", async {
        while ada.open().await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    drop(health);
    server.end().await;
}

//! What is read to catch up while the room goes on: a head that was read before is an
//! old one by then.

use causerie::{
    model::{Change, RoomId, Seq, UserId, VisibleRange, resume::Behind},
    store::Store,
};
use causerie_client::v1;
use uuid::Uuid;

use crate::support::{Person, Server, on_both_databases};

fn uuid(id: &str) -> Uuid {
    Uuid::parse_str(id).expect("an id")
}

async fn react(person: &Person, (room_id, seq): (&str, i64), emoji: &str) {
    let emoji = emoji.to_owned();
    let request =
        v1::AddReactionRequest { room_id: room_id.into(), seq, emoji, ..Default::default() };
    person.client.add_reaction(request).await.expect("a reaction");
}

/// Reads pages until there is nothing to read any more.
async fn read_all(store: &Store, mut of: Vec<Behind>, page: usize) -> Vec<Vec<Change>> {
    let mut told: Vec<Vec<Change>> = of.iter().map(|_| vec![]).collect();
    while of.iter().any(|of| of.after < of.view.head) {
        let read = store.changes(&of, page).await.expect("changes");
        for ((of, read), told) in of.iter_mut().zip(read).zip(&mut told) {
            assert!(read.changes.len() <= page + 1);
            told.extend(read.changes);
            *of = of.read_on(read.synced, read.head);
        }
    }
    told
}

on_both_databases! {
    /// A live delta of a message is of use only to who has it.
    async fn what_changes_again_while_it_is_read_is_not_passed_over(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let (room, quiet) = (ada.create_room("Busy").await, ada.create_room("Quiet").await);
        for room in [&room, &quiet] {
            bob.join(room).await;
        }
        let mut posted = vec![];
        for n in 0..9 {
            posted.push(ada.send(&room, &format!("{n}")).await.seq);
        }
        react(&bob, (&room, posted[0]), "😀").await;
        let view = async |room: &str| {
            let head = bob.summary(room).await.room.expect("a room").head_seq;
            let reader = UserId(uuid(&bob.user.id));
            VisibleRange { reader, head: Seq(head), floor: Seq::ZERO }
        };
        let busy = Behind::new(RoomId(uuid(&room)), Seq::ZERO, view(&room).await);
        let still = Behind::new(RoomId(uuid(&quiet)), Seq::ZERO, view(&quiet).await);

        // Meanwhile.
        for (at, emoji) in [(1, "😀"), (7, "😃"), (2, "😄"), (0, "😁"), (5, "😆"), (3, "😅")] {
            react(&ada, (&room, posted[at]), emoji).await;
        }
        let carol = Person::register(&server.url, "carol").await;
        carol.join(&room).await;
        let last = ada.send(&room, "the last one").await.seq;
        react(&ada, (&room, last), "😀").await;
        let now = view(&room).await.head;
        let mut expected: Vec<(i64, i64)> =
            ada.history(&room).await.iter().map(|it| (it.seq, it.changed_seq)).collect();
        expected.sort_unstable();

        let store = Store::connect_beside(&server.config.store_url()).expect("a store");
        for page in [1, 2, 3, 5, 200] {
            let told = read_all(&store, vec![busy, still], page).await;
            for (of, told) in [busy, still].into_iter().zip(&told) {
                let mut at = of.after;
                for change in told {
                    assert_eq!((change.room, change.after), (of.room, at), "pages of {page}");
                    at = change.seq;
                }
                assert_eq!(at, if of.room == busy.room { now } else { of.view.head });
            }
            let messages = told[0].iter().filter_map(|change| change.message.as_ref());
            let mut found: Vec<_> = messages.map(|it| (it.seq.0, it.changed_seq.0)).collect();
            found.sort_unstable();
            assert_eq!(found, expected, "pages of {page}");
            let members = told[0].iter().filter_map(|change| change.member.as_ref());
            assert!({ members }.any(|it| it.user.id.0 == uuid(&carol.user.id)), "pages of {page}");
        }

        // What has happened since is not for who has left.
        bob.leave(&room).await;
        let told = read_all(&store, vec![busy, still], 3).await;
        let seqs = told[0].iter().map(|change| change.seq);
        assert_eq!(seqs.max(), Some(busy.view.head));
        let messages = told[0].iter().filter_map(|change| change.message.as_ref());
        assert!({ messages }.all(|message| message.changed_seq <= busy.view.head));
        store.close().await;
        server.end().await;
    }
}

//! A room's log goes on without this server's lanes: another node of the same
//! database has written, or a commit whose outcome was unknown.

use causerie_client::v1::event::Kind;

use crate::support::{Person, Server, on_both_databases, people::text_of};

on_both_databases! {
    /// No event of the other node's message comes here. The lane sees at its next
    /// operation in the room that the log has moved, even if that operation
    /// changes nothing itself, and lets the streams read what they missed.
    async fn a_message_of_another_node_is_told_with_the_next_operation(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        let mut stream = bob.stream().await;
        let first = ada.try_send(&room, "first", "first").await.expect("sent");
        stream.until("the first message", |kind| has_text(kind, "first")).await;

        let seq = first.seq + 1;
        let (room_id, sender) = (hex(&room), hex(&ada.user.id));
        let mut raw = server.database().await;
        raw.execute(format!(
            "insert into messages (room_id, seq, sender_id, kind, client_message_id, body,
                                   posted_us)
             values (x'{room_id}', {seq}, x'{sender}', 1, x'61', 'of another node', 1)"
        ))
        .await;
        raw.execute(format!("update rooms set head_seq = {seq} where id = x'{room_id}'")).await;
        // A repeat: it takes no position, and there is no event of it.
        let again = ada.try_send(&room, "first", "first").await.expect("the same");
        assert_eq!(again.seq, first.seq);
        stream.until("the other node's message", |kind| has_text(kind, "of another node")).await;
        server.end().await;
    }
}

fn has_text(kind: &Kind, text: &str) -> Option<()> {
    let Kind::Change(change) = kind else { return None };
    (text_of(change.message.as_ref()?) == text).then_some(())
}

fn hex(id: &str) -> String {
    id.replace('-', "")
}

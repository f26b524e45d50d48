//! Who reacted to a message.

use std::collections::HashMap;

use causerie_client::{Client, Error, v1};

use crate::{effect::Answer, lines::clean};

/// Asks for the first page: more than a line can hold.
pub async fn who_reacted(client: &Client, room_id: String, seq: i64) -> Result<Answer, Error> {
    let request = v1::ListReactionsRequest { room_id, seq, page_size: 200, ..Default::default() };
    let page = client.list_reactions(request).await?;
    let mut user_ids: Vec<String> = page.reactions.iter().map(|it| it.user_id.clone()).collect();
    user_ids.sort();
    user_ids.dedup();
    let users = if user_ids.is_empty() {
        vec![]
    } else {
        client.batch_get_users(v1::BatchGetUsersRequest { user_ids }).await?.users
    };
    Ok(Answer::Told(line(&page, &users)))
}

/// Emoji by emoji, with names.
fn line(page: &v1::ListReactionsResponse, users: &[v1::User]) -> String {
    let names: HashMap<&str, &str> =
        users.iter().map(|user| (user.id.as_str(), user.display_name.as_str())).collect();
    let mut parts: Vec<(&str, Vec<String>)> = Vec::new();
    for v1::UserReaction { emoji, user_id, .. } in &page.reactions {
        let name = clean(names.get(user_id.as_str()).copied().unwrap_or("…"));
        match parts.last_mut() {
            Some((same, known)) if *same == emoji => known.push(name),
            _ => parts.push((emoji, vec![name])),
        }
    }
    let parts: Vec<String> =
        parts.into_iter().map(|(emoji, names)| format!("{emoji} {}", names.join(", "))).collect();
    let more = if page.next_page_token.is_empty() { "" } else { " …" };
    if parts.is_empty() { "Nobody has reacted.".into() } else { parts.join("  ") + more }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_emoji_stands_before_the_names_of_those_who_put_it_there() {
        let reaction = |emoji: &str, user_id: &str| v1::UserReaction {
            emoji: emoji.into(),
            user_id: user_id.into(),
            reacted_at: None,
        };
        let mut page = v1::ListReactionsResponse::default();
        assert_eq!(line(&page, &[]), "Nobody has reacted.");
        page.reactions = vec![reaction("🎉", "1"), reaction("🎉", "2"), reaction("👍", "1")];
        let user = |id: &str, name: &str| v1::User {
            id: id.into(),
            display_name: name.into(),
            ..Default::default()
        };
        assert_eq!(line(&page, &[user("1", "Ada")]), "🎉 Ada, …  👍 Ada");
        page.next_page_token = "next".into();
        assert_eq!(line(&page, &[user("1", "Ada")]), "🎉 Ada, …  👍 Ada …");
    }
}

//! Users and profiles.

use super::{fields::Fields, timestamp, v1};
use crate::{
    error::{Result, Rule},
    model::{
        User, UserId, limits, text,
        users::{AccountRole, ProfileChanges, UserSearch},
    },
};

#[must_use]
pub fn user(user: User) -> v1::User {
    let User { id, username, display_name, bio, status_text, created_at, photo, version } = user;
    v1::User {
        id: id.to_string(),
        username,
        display_name,
        bio,
        status_text,
        created_at: Some(timestamp(created_at)),
        avatar_file_id: photo.map(|file| file.to_string()).unwrap_or_default(),
        version,
    }
}

pub fn get_user(request: &v1::GetUserRequest) -> Result<UserId> {
    let mut fields = Fields::new();
    let user = fields.user("user_id", &request.user_id);
    fields.finish(user)
}

pub fn batch_get_users(request: &v1::BatchGetUsersRequest) -> Result<Vec<UserId>> {
    let mut fields = Fields::new();
    let (range, count) = (1..=limits::BATCH_USERS, request.user_ids.len());
    if !range.contains(&count) {
        fields.violate("user_ids", Rule::between(&range, count, "items"));
        return fields.finish(vec![]);
    }
    let users = request
        .user_ids
        .iter()
        .enumerate()
        .map(|(at, id)| fields.user(&format!("user_ids[{at}]"), id))
        .collect();
    fields.finish(users)
}

pub fn search_users(request: &v1::SearchUsersRequest) -> Result<UserSearch> {
    let mut fields = Fields::new();
    let outcome = text::check_name(&request.query, limits::QUERY_CHARS);
    let search = UserSearch {
        prefix: fields.clean("query", outcome),
        after: fields.page_after_text(request),
        limit: fields.page_size(request.page_size),
    };
    fields.finish(search)
}

pub fn update_profile(request: v1::UpdateProfileRequest) -> Result<ProfileChanges> {
    let v1::UpdateProfileRequest { display_name, bio, status_text, avatar_file_id, email } =
        request;
    let mut fields = Fields::new();
    if let Some(email) = email.as_deref().filter(|email| !email.is_empty()) {
        fields.check("email", text::check_email(email));
    }
    let changes = ProfileChanges {
        display_name: display_name.map(|name| {
            fields.clean("display_name", text::check_name(&name, limits::DISPLAY_NAME_CHARS))
        }),
        bio: bio.map(|bio| fields.clean("bio", text::check_lines(&bio, limits::BIO_CHARS))),
        status_text: status_text.map(|line| {
            fields.clean("status_text", text::check_line(&line, limits::STATUS_TEXT_CHARS))
        }),
        photo: avatar_file_id.map(|id| fields.new_image("avatar_file_id", &id)),
        email,
    };
    fields.finish(changes)
}

/// The user that a request names in `user_id`.
pub fn user_id(id: &str) -> Result<UserId> {
    let mut fields = Fields::new();
    let user = fields.user("user_id", id);
    fields.finish(user)
}

pub fn list_blocked(request: &v1::ListBlockedUsersRequest) -> Result<UserSearch> {
    let mut fields = Fields::new();
    let search = UserSearch {
        prefix: String::new(),
        after: fields.page_after_text(request),
        limit: fields.page_size(request.page_size),
    };
    fields.finish(search)
}

#[must_use]
pub fn account_role(role: AccountRole) -> v1::AccountRole {
    match role {
        AccountRole::User => v1::AccountRole::User,
        AccountRole::Moderator => v1::AccountRole::Moderator,
        AccountRole::Admin => v1::AccountRole::Admin,
    }
}

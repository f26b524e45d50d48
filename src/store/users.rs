//! Accounts.

use std::collections::HashMap;

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Store,
    dialect::{
        CONFLICT_RETRIES, Tx, db_error, is_deadlock, is_unique_violation, on_pool, on_tx,
        pad_to_power_of_two, placeholders, retry_deadlocks,
    },
    idempotency,
    invites::count_use,
    messages::limit_plus_one,
    sessions::{NewSession, insert_session},
};
use crate::{
    error::{Error, Result},
    model::{
        FileId, RoomId, Timestamp, User, UserId,
        idempotency::{KeptAnswer, KeyUse},
        passwords::StoredPassword,
        users::{AccountRole, NameQuery, display_name_key, fold},
    },
};

pub(super) const USER_COLUMNS: &str = "id, username, display_name, bio, status_text, created_us,
    photo_id, version";

/// Whom a [`NameQuery`] finds; an empty one finds everybody. Binds its three parts in
/// their order. `instr` and not `like`: no character has a meaning of its own.
pub(super) const NAME_MATCHES: &str =
    "(instr(username_key, ?) = 1 or instr(display_name_key, ?) = 1
    or instr(display_name_key, ?) > 0)";

#[derive(sqlx::FromRow)]
pub(super) struct UserRow {
    id: Uuid,
    username: String,
    display_name: String,
    bio: String,
    status_text: String,
    created_us: i64,
    photo_id: Option<Uuid>,
    version: i64,
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        Self {
            id: UserId(row.id),
            username: row.username,
            display_name: row.display_name,
            bio: row.bio,
            status_text: row.status_text,
            created_at: Timestamp(row.created_us),
            photo: row.photo_id.map(FileId),
            version: row.version,
        }
    }
}

/// An account to be made, with its first session.
pub struct NewAccount {
    pub user: User,
    /// `None`: no address.
    pub email: Option<String>,
    /// Of the mapped password.
    pub password_hash: String,
    pub session: NewSession,
    /// The invite by which it comes in, and its room.
    pub invite: Option<(RoomId, String)>,
    /// Refused if it is not the server's first.
    pub must_be_first: bool,
    pub key: Option<KeyUse>,
}

/// What signing in needs of an account.
pub struct Credentials {
    pub user: User,
    pub password: StoredPassword,
    /// How often the password was changed.
    pub password_generation: i64,
    pub is_suspended: bool,
}

const CREDENTIALS: &str = "password_hash, password_mapped, password_generation, suspended_us";

#[derive(sqlx::FromRow)]
struct CredentialsRow {
    #[sqlx(flatten)]
    user: UserRow,
    password_hash: String,
    password_mapped: i16,
    password_generation: i64,
    suspended_us: Option<i64>,
}

impl From<CredentialsRow> for Credentials {
    fn from(row: CredentialsRow) -> Self {
        let password =
            StoredPassword { hash: row.password_hash, is_mapped: row.password_mapped != 0 };
        Self {
            user: row.user.into(),
            password,
            password_generation: row.password_generation,
            is_suspended: row.suspended_us.is_some(),
        }
    }
}

impl Store {
    /// Makes an account. The first one of a server becomes its admin.
    pub async fn create_account(&self, account: &NewAccount) -> Result<()> {
        let mut tries = 0;
        loop {
            match self.try_create_account(account).await {
                Err(Refusal::Sql(cause)) if is_deadlock(&cause) && tries < CONFLICT_RETRIES => {
                    tries += 1;
                }
                Err(Refusal::Sql(cause)) => return Err(db_error(cause)),
                Err(Refusal::Other(error)) => return Err(error),
                Ok(()) => return Ok(()),
            }
        }
    }

    async fn try_create_account(&self, account: &NewAccount) -> Result<(), Refusal> {
        let NewAccount { user, email, password_hash, session, invite, must_be_first, key } =
            account;
        let mut tx = self.pools.begin().await?;
        // The room before anything else, as everywhere.
        if let Some((room, code)) = invite
            && let Err(refusal) =
                count_use(&mut tx, *room, code, (user.id, user.created_at)).await?
        {
            return Err(Refusal::Other(refusal));
        }
        let role = if is_first(&mut tx).await? { AccountRole::Admin } else { AccountRole::User };
        if *must_be_first && role != AccountRole::Admin {
            return Err(Refusal::Other(Error::SignUpClosed));
        }
        on_tx!(&mut tx, c => {
            sqlx::query(
                "insert into users (id, username, username_key, display_name, display_name_key,
                                    bio, status_text, password_hash, password_mapped,
                                    server_role, presence_choice, last_seen_us, created_us)
                 values (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, 0, null, ?)",
            )
            .bind(user.id.0)
            .bind(&user.username).bind(fold(&user.username))
            .bind(&user.display_name).bind(display_name_key(&user.display_name))
            .bind(&user.bio).bind(&user.status_text)
            .bind(password_hash)
            .bind(role_code(role))
            .bind(user.created_at.0)
            .execute(c).await.map(drop)
        })
        .map_err(|cause| Refusal::of(cause, Error::UsernameTaken))?;
        if let Some(email) = email {
            on_tx!(&mut tx, c => {
                sqlx::query("insert into user_emails (user_id, email) values (?, ?)")
                    .bind(user.id.0).bind(email).execute(c).await.map(drop)
            })?;
        }
        insert_session(&mut tx, session).await?;
        // The account is new, and so is any key of it.
        idempotency::keep(&mut tx, key.as_ref(), KeptAnswer::default()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The account that someone wants to sign in to, by username.
    pub async fn credentials(&self, login: &str) -> Result<Option<Credentials>> {
        let sql = format!("select {USER_COLUMNS}, {CREDENTIALS} from users where username_key = ?");
        let row: Option<CredentialsRow> = on_pool!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql)).bind(fold(login)).fetch_optional(c).await
        })
        .map_err(db_error)?;
        Ok(row.map(Credentials::from))
    }

    /// The credentials of an account.
    pub async fn credentials_of(&self, user: UserId) -> Result<Option<Credentials>> {
        let sql = format!("select {USER_COLUMNS}, {CREDENTIALS} from users where id = ?");
        let row: Option<CredentialsRow> = on_pool!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql)).bind(user.0).fetch_optional(c).await
        })
        .map_err(db_error)?;
        Ok(row.map(Credentials::from))
    }

    /// Replaces a hash by one of the mapped password with today's parameters, unless
    /// the password has been changed meanwhile.
    pub async fn rehash(&self, user: UserId, old: &str, new: &str) -> Result<()> {
        retry_deadlocks!(self.try_rehash(user, old, new).await).map_err(db_error)
    }

    async fn try_rehash(&self, user: UserId, old: &str, new: &str) -> Result<(), sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        on_tx!(&mut tx, c => {
            sqlx::query(
                "update users set password_hash = ?, password_mapped = 1
                 where id = ? and password_hash = ?",
            )
            .bind(new).bind(user.0).bind(old)
            .execute(c).await.map(drop)
        })?;
        tx.commit().await
    }

    /// One user.
    pub async fn user(&self, user: UserId) -> Result<Option<User>> {
        Ok(self.users(&[user]).await?.pop())
    }

    /// Users in the order asked for, without the unknown and the repeated.
    pub async fn users(&self, users: &[UserId]) -> Result<Vec<User>> {
        if users.is_empty() {
            return Ok(vec![]);
        }
        let ids = pad_to_power_of_two(users.to_vec());
        let sql =
            format!("select {USER_COLUMNS} from users where id in {}", placeholders(1, ids.len()));
        let rows: Vec<UserRow> = on_pool!(&self.pools, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql));
            for id in &ids {
                query = query.bind(id.0);
            }
            query.fetch_all(c).await
        })
        .map_err(db_error)?;
        let mut found: HashMap<UserId, User> =
            rows.into_iter().map(User::from).map(|user| (user.id, user)).collect();
        Ok(users.iter().filter_map(|id| found.remove(id)).collect())
    }

    /// The address of an account, if it has one.
    pub async fn email(&self, user: UserId) -> Result<Option<String>> {
        on_pool!(&self.pools, c => {
            sqlx::query_scalar("select email from user_emails where user_id = ?")
                .bind(user.0).fetch_optional(c).await
        })
        .map_err(db_error)
    }

    /// Users whose username, or a word of whose display name, begins with a
    /// text, by username.
    pub async fn search_users(
        &self,
        prefix: &str,
        after: Option<String>,
        limit: usize,
    ) -> Result<Vec<User>> {
        let sql = format!(
            "select {USER_COLUMNS} from users where {NAME_MATCHES} and username_key > ?
             order by username_key limit ?"
        );
        let NameQuery { username, first_word, inner_word } = NameQuery::new(prefix);
        let rows: Vec<UserRow> = on_pool!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql))
                .bind(&username).bind(&first_word).bind(&inner_word)
                .bind(after.unwrap_or_default())
                .bind(limit_plus_one(limit))
                .fetch_all(c).await
        })
        .map_err(db_error)?;
        Ok(rows.into_iter().map(User::from).collect())
    }

    /// What an account may do on the server; one that is suspended is a mere user.
    pub async fn account_role(&self, user: UserId) -> Result<AccountRole> {
        let code: Option<i16> = on_pool!(&self.pools, c => {
            sqlx::query_scalar(
                "select server_role from users where id = ? and suspended_us is null",
            )
            .bind(user.0).fetch_optional(c).await
        })
        .map_err(db_error)?;
        Ok(code.map_or(AccountRole::User, role_of))
    }
}

pub(super) fn role_code(role: AccountRole) -> i16 {
    match role {
        AccountRole::User => 1,
        AccountRole::Moderator => 2,
        AccountRole::Admin => 3,
    }
}

pub(super) fn role_of(code: i16) -> AccountRole {
    match code {
        3 => AccountRole::Admin,
        2 => AccountRole::Moderator,
        _ => AccountRole::User,
    }
}

/// Whether no account exists. Of two that are made at once on a new server,
/// one waits here for the other.
async fn is_first(tx: &mut Tx<'_>) -> Result<bool, sqlx::Error> {
    if !no_users(tx).await? {
        return Ok(false);
    }
    lock_store(tx).await?;
    no_users(tx).await
}

/// Lets one transaction after the other decide who is an admin.
pub(super) async fn lock_store(tx: &mut Tx<'_>) -> Result<(), sqlx::Error> {
    let sql = format!("select id from store where id = 1{}", tx.dialect().for_update());
    on_tx!(tx, c => {
        sqlx::query_scalar::<_, i16>(AssertSqlSafe(sql)).fetch_optional(c).await.map(drop)
    })
}

async fn no_users(tx: &mut Tx<'_>) -> Result<bool, sqlx::Error> {
    let any: Option<i64> = on_tx!(tx, c => {
        sqlx::query_scalar("select 1 from users limit 1").fetch_optional(c).await
    })?;
    Ok(any.is_none())
}

enum Refusal {
    Sql(sqlx::Error),
    Other(Error),
}

impl Refusal {
    fn of(cause: sqlx::Error, taken: Error) -> Self {
        if is_unique_violation(&cause) { Self::Other(taken) } else { Self::Sql(cause) }
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(cause: sqlx::Error) -> Self {
        Self::Sql(cause)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::SessionId;

    fn account(username: &str) -> NewAccount {
        let (id, now) = (UserId::new(), Timestamp(1_700_000_000_000_000));
        NewAccount {
            user: User {
                id,
                username: username.into(),
                display_name: username.into(),
                bio: String::new(),
                status_text: String::new(),
                created_at: now,
                photo: None,
                version: 1,
            },
            email: Some(format!("{username}@example.org")),
            password_hash: "hash".into(),
            invite: None,
            must_be_first: false,
            key: None,
            session: NewSession {
                id: SessionId::new(),
                user: id,
                now,
                idle: Duration::from_mins(1),
                device: String::new(),
                address: String::new(),
            },
        }
    }

    #[tokio::test]
    async fn of_accounts_made_at_once_on_a_new_server_one_is_its_admin() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite:{}", folder.path().join("chat.db").display());
        let store = Store::connect(&url, 2).expect("a database");
        store.migrate().await.expect("a schema");
        let accounts: Vec<_> = (0..8).map(|at| account(&format!("user{at}"))).collect();
        let all = futures::future::join_all(accounts.iter().map(|a| store.create_account(a))).await;
        assert!(all.iter().all(Result::is_ok));
        let mut roles: Vec<i16> = on_pool!(&store.pools, c => {
            sqlx::query_scalar("select server_role from users").fetch_all(c).await
        })
        .expect("roles");
        roles.sort_unstable();
        assert_eq!(roles, [1, 1, 1, 1, 1, 1, 1, 3]);
        // What is refused leaves nothing behind.
        let second = account("USER0");
        assert!(matches!(store.create_account(&second).await, Err(Error::UsernameTaken)));
        assert!(store.user(second.user.id).await.expect("an answer").is_none());
    }
}

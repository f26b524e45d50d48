//! Accounts for the server's admins, and their roles.

use sqlx::AssertSqlSafe;

use super::{
    Store,
    dialect::{Tx, db_error, on_pool, on_tx, retry_deadlocks},
    messages::limit_plus_one,
    presence::choice_of,
    users::{NAME_MATCHES, USER_COLUMNS, UserRow, lock_store, role_code, role_of},
};
use crate::{
    error::Result,
    model::{
        PresenceChoice, Timestamp, User, UserId,
        admin::{Account, AccountSearch, RoleChange},
        users::{AccountRole, NameQuery, UserSearch},
    },
};

/// Whether somebody but one user is an admin, and not suspended: binds the user.
pub const ANOTHER_ADMIN: &str = "select 1 from users
     where server_role = 3 and id <> ? and suspended_us is null limit 1";

#[derive(sqlx::FromRow)]
struct AccountRow {
    #[sqlx(flatten)]
    user: UserRow,
    server_role: i16,
    presence_choice: i16,
    last_seen_us: Option<i64>,
    last_used_us: Option<i64>,
    suspended_us: Option<i64>,
}

/// Of who is invisible only the day is told on which their sessions were in use.
const INVISIBLE_PRECISION_US: i64 = 24 * 60 * 60 * 1_000_000;

impl From<AccountRow> for Account {
    fn from(row: AccountRow) -> Self {
        let invisible = choice_of(row.presence_choice) == PresenceChoice::Invisible;
        let shown = |at: i64| if invisible { at - at % INVISIBLE_PRECISION_US } else { at };
        Self {
            user: row.user.into(),
            role: role_of(row.server_role),
            last_used_at: row.last_seen_us.max(row.last_used_us.map(shown)).map(Timestamp),
            suspended_at: row.suspended_us.map(Timestamp),
        }
    }
}

/// Accounts that meet a condition.
#[must_use]
pub fn accounts_sql(condition: &str) -> String {
    format!(
        "select {USER_COLUMNS}, server_role, presence_choice, last_seen_us, suspended_us,
                (select max(s.last_used_us) from sessions s where s.user_id = users.id)
                    as last_used_us
         from users where {condition}"
    )
}

/// Those whose names begin with a text, of one role or of any, by username:
/// binds the role if there is one, the username to begin after, and what
/// [`NAMED`] does; then the limit.
#[must_use]
pub fn page_sql(of_a_role: bool) -> String {
    let role = if of_a_role { "server_role = ? and " } else { "" };
    accounts_sql(&format!(
        "{role}username_key > ? and {NAME_MATCHES} order by username_key limit ?"
    ))
}

impl Store {
    /// A page of accounts, by folded username.
    pub async fn accounts(&self, search: &AccountSearch) -> Result<Vec<Account>> {
        let AccountSearch { users: UserSearch { prefix, after, limit }, role } = search;
        let sql = page_sql(role.is_some());
        let NameQuery { username, first_word, inner_word } = NameQuery::new(prefix);
        let rows: Vec<AccountRow> = on_pool!(&self.pools, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql));
            if let Some(role) = role {
                query = query.bind(role_code(*role));
            }
            query
                .bind(after.as_deref().unwrap_or_default())
                .bind(&username).bind(&first_word).bind(&inner_word)
                .bind(limit_plus_one(*limit))
                .fetch_all(c).await
        })
        .map_err(db_error)?;
        Ok(rows.into_iter().map(Account::from).collect())
    }

    /// One account.
    pub async fn account(&self, user: UserId) -> Result<Option<Account>> {
        let sql = accounts_sql("id = ?");
        let row: Option<AccountRow> = on_pool!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql)).bind(user.0).fetch_optional(c).await
        })
        .map_err(db_error)?;
        Ok(row.map(Account::from))
    }

    /// Who has been an account of the server for longest, of its admins.
    pub async fn oldest_admin(&self) -> Result<Option<User>> {
        let sql = format!(
            "select {USER_COLUMNS} from users where server_role = 3 and suspended_us is null
             order by created_us, id limit 1"
        );
        let row: Option<UserRow> = on_pool!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql)).fetch_optional(c).await
        })
        .map_err(db_error)?;
        Ok(row.map(User::from))
    }

    /// Gives an account a role, if `caller` may do so when the change is made.
    pub async fn set_account_role(
        &self,
        caller: UserId,
        user: UserId,
        to: AccountRole,
    ) -> Result<()> {
        retry_deadlocks!(self.try_set_role(caller, user, to).await).map_err(db_error)?
    }

    async fn try_set_role(
        &self,
        caller: UserId,
        user: UserId,
        to: AccountRole,
    ) -> Result<Result<()>, sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        // One change of roles at a time: two admins who demote each other, or both
        // step down, must not each find the other still there.
        lock_store(&mut tx).await?;
        let change = RoleChange {
            caller: active_role(&mut tx, caller).await?,
            from: role(&mut tx, user).await?,
            to,
            others: another_admin(&mut tx, user).await?,
        };
        if let Err(refusal) = change.check() {
            return Ok(Err(refusal));
        }
        on_tx!(&mut tx, c => {
            sqlx::query("update users set server_role = ? where id = ?")
                .bind(role_code(to)).bind(user.0).execute(c).await.map(drop)
        })?;
        tx.commit().await?;
        Ok(Ok(()))
    }
}

/// What somebody may do who is not suspended.
pub(super) async fn active_role(
    tx: &mut Tx<'_>,
    user: UserId,
) -> Result<Option<AccountRole>, sqlx::Error> {
    let code: Option<i16> = on_tx!(tx, c => {
        sqlx::query_scalar("select server_role from users where id = ? and suspended_us is null")
            .bind(user.0).fetch_optional(c).await
    })?;
    Ok(code.map(role_of))
}

pub(super) async fn role(
    tx: &mut Tx<'_>,
    user: UserId,
) -> Result<Option<AccountRole>, sqlx::Error> {
    let code: Option<i16> = on_tx!(tx, c => {
        sqlx::query_scalar("select server_role from users where id = ?")
            .bind(user.0).fetch_optional(c).await
    })?;
    Ok(code.map(role_of))
}

pub(super) async fn another_admin(tx: &mut Tx<'_>, user: UserId) -> Result<bool, sqlx::Error> {
    let any: Option<i64> = on_tx!(tx, c => {
        sqlx::query_scalar(ANOTHER_ADMIN).bind(user.0).fetch_optional(c).await
    })?;
    Ok(any.is_some())
}

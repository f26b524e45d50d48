//! Changes of what others see of an account.

use sqlx::AssertSqlSafe;

use super::{
    Store,
    dialect::{Tx, db_error, on_tx, retry_deadlocks},
    files::AT_ONCE,
    users::{USER_COLUMNS, UserRow},
};
use crate::{
    error::Result,
    model::{
        User, UserId,
        users::{ProfileChanges, display_name_key},
    },
};

impl Store {
    /// Changes a profile; what is `None` stays. Returns whether others see a change.
    pub async fn update_profile(&self, user: UserId, changes: &ProfileChanges) -> Result<bool> {
        retry_deadlocks!(self.try_update_profile(user, changes).await).map_err(db_error)
    }

    async fn try_update_profile(
        &self,
        user: UserId,
        changes: &ProfileChanges,
    ) -> Result<bool, sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        let sql =
            format!("select {USER_COLUMNS} from users where id = ?{}", tx.dialect().for_update());
        let row: Option<UserRow> = on_tx!(&mut tx, c => {
            sqlx::query_as(AssertSqlSafe(sql)).bind(user.0).fetch_optional(c).await
        })?;
        let Some(before) = row.map(User::from) else { return Ok(false) };
        let after = before.with(changes);
        let is_change = after != before;
        if is_change {
            if after.photo != before.photo {
                drop_photo(&mut tx, user).await?;
            }
            save_profile(&mut tx, &after).await?;
        }
        if let Some(email) = &changes.email {
            replace_email(&mut tx, user, email).await?;
        }
        tx.commit().await?;
        Ok(is_change)
    }
}

/// Within a transaction that holds the user's lock.
async fn save_profile(tx: &mut Tx<'_>, user: &User) -> Result<(), sqlx::Error> {
    on_tx!(tx, c => {
        sqlx::query(
            "update users set display_name = ?, display_name_key = ?, bio = ?, status_text = ?,
                              photo_id = ?, version = ?
             where id = ?",
        )
        .bind(&user.display_name).bind(display_name_key(&user.display_name))
        .bind(&user.bio).bind(&user.status_text)
        .bind(user.photo.map(|photo| photo.0)).bind(user.version)
        .bind(user.id.0)
        .execute(c).await.map(drop)
    })
}

/// Within a transaction that holds the user's lock.
async fn replace_email(tx: &mut Tx<'_>, user: UserId, email: &str) -> Result<(), sqlx::Error> {
    on_tx!(&mut *tx, c => {
        sqlx::query("delete from user_emails where user_id = ?")
            .bind(user.0).execute(c).await.map(drop)
    })?;
    if email.is_empty() {
        return Ok(());
    }
    on_tx!(tx, c => {
        sqlx::query("insert into user_emails (user_id, email) values (?, ?)")
            .bind(user.0).bind(email).execute(c).await.map(drop)
    })
}

/// Within a transaction that holds the user's lock. The photo that goes is looked
/// at by the collector from now on.
async fn drop_photo(tx: &mut Tx<'_>, user: UserId) -> Result<(), sqlx::Error> {
    on_tx!(tx, c => {
        sqlx::query(
            "update files set check_us = ? where id = (select photo_id from users where id = ?)",
        )
        .bind(AT_ONCE.0).bind(user.0)
        .execute(c).await.map(drop)
    })
}

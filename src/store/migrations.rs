//! Brings the schema up to date: expand, deploy, contract.
//!
//! A migration either expands the schema, by what older servers do without, or
//! contracts it, once no older server runs. So the schema may be newer than a server,
//! as long as it is not contracted beyond what the server knows. The table
//! `schema_compatibility` says from which version on a server knows enough; a
//! server's version is the number of its last migration.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use sqlx::migrate::{MigrateError, Migrator};

use super::{
    Store,
    dialect::{Pools, db_error, is_no_table, on_pool},
};
use crate::error::{Error, Result};

/// How the names of migrations begin that take something away.
const CONTRACTS: &str = "contract";

/// Contracting migrations that MySQL can run again after they were interrupted. It
/// commits each statement that changes a table, so that half of a migration may stay.
const RERUNNABLE: [i64; 3] = [25, 27, 29];

/// How often a start says how far it has come.
const PROGRESS_EVERY: Duration = Duration::from_secs(5);

/// What is still to be done to a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PendingMigrations {
    /// Nothing, or only what a server that is running does not mind.
    Expanding,
    /// Something is taken away that a running server may use.
    Contracting,
}

impl Store {
    /// What kind of migrations are still to be applied.
    pub async fn pending_migrations(&self) -> Result<PendingMigrations> {
        let applied = self.applied_versions().await?;
        let contracts = self.migrator().iter().any(|migration| {
            !applied.contains(&migration.version) && migration.description.starts_with(CONTRACTS)
        });
        // A new database is used by nobody.
        Ok(if contracts && !applied.is_empty() {
            PendingMigrations::Contracting
        } else {
            PendingMigrations::Expanding
        })
    }

    /// Applies what a running server does not mind, up to the first migration that takes
    /// something away.
    pub async fn expand(&self) -> Result<()> {
        let applied = self.applied_versions().await?;
        let mut migrator = self.migrator();
        let first = migrator.iter().find(|migration| {
            !applied.contains(&migration.version) && migration.description.starts_with(CONTRACTS)
        });
        let Some(first) = first.map(|migration| migration.version) else { return Ok(()) };
        let before = migrator.iter().filter(|migration| migration.version < first);
        migrator.migrations = before.cloned().collect::<Vec<_>>().into();
        migrator.set_ignore_missing(true);
        self.run(&migrator).await
    }

    pub(super) async fn apply_migrations(&self) -> Result<()> {
        let mut migrator = self.migrator();
        let own = migrator.iter().map(|migration| migration.version).max().unwrap_or_default();
        let applied = self.applied_versions().await?;
        let newer = applied.last().copied().filter(|newest| *newest > own);
        if let Some(newest) = newer {
            let needed = self.min_version().await?;
            if needed > own {
                return Err(Error::SchemaTooNew { newest, needed, own });
            }
            tracing::info!(
                schema = newest,
                server = own,
                "the schema is newer than this server, which can work on it"
            );
            migrator.set_ignore_missing(true);
        }
        if !applied.is_empty() {
            self.forget_interrupted().await?;
        }
        self.expand().await?;
        self.fill_before_contracting().await?;
        self.run(&migrator).await
    }

    /// Lets migrations that were interrupted, and that can be, be run again. Only of a
    /// database that this server has to itself: elsewhere one of them may be running.
    async fn forget_interrupted(&self) -> Result<()> {
        let Pools::MySql { pool, .. } = &self.pools else { return Ok(()) };
        for version in RERUNNABLE {
            let forgotten =
                sqlx::query("delete from _sqlx_migrations where version = ? and success = 0")
                    .bind(version)
                    .execute(pool)
                    .await
                    .map_err(db_error)?;
            if forgotten.rows_affected() > 0 {
                tracing::warn!(version, "a migration was interrupted; it is run again");
            }
        }
        Ok(())
    }

    /// What a migration that takes something away could not write itself.
    async fn fill_before_contracting(&self) -> Result<()> {
        let all = self.count_messages_without_keys().await?;
        let Some(all) = all.filter(|all| *all > 0) else { return Ok(()) };
        tracing::info!(messages = all, "the schema is being changed; this happens once");
        let (mut done, mut said) = (0, Instant::now());
        self.fill_message_keys(|positions| {
            done += positions;
            if said.elapsed() > PROGRESS_EVERY {
                said = Instant::now();
                tracing::info!(done, of = all, "messages are prepared for the new schema");
            }
        })
        .await
    }

    async fn run(&self, migrator: &Migrator) -> Result<()> {
        match &self.pools {
            Pools::MySql { pool, .. } => migrator.run(pool).await,
            Pools::Sqlite { write, .. } => migrator.run(write).await,
        }
        .map_err(|error| match error {
            MigrateError::Execute(cause) | MigrateError::ExecuteMigration(cause, _) => {
                db_error(cause)
            }
            other => Error::internal(other),
        })
    }

    fn migrator(&self) -> Migrator {
        match &self.pools {
            Pools::MySql { .. } => sqlx::migrate!("migrations/mysql"),
            Pools::Sqlite { .. } => sqlx::migrate!("migrations/sqlite"),
        }
    }

    /// The migrations that the database has had; none for a new one.
    async fn applied_versions(&self) -> Result<BTreeSet<i64>> {
        let versions: Result<Vec<i64>, _> = match &self.pools {
            Pools::MySql { pool, .. } => {
                sqlx::query_scalar("select version from _sqlx_migrations where success = 1")
                    .fetch_all(pool)
                    .await
            }
            // The writer makes the file, if there is none.
            Pools::Sqlite { write, .. } => {
                sqlx::query_scalar("select version from _sqlx_migrations where success = 1")
                    .fetch_all(write)
                    .await
            }
        };
        match versions {
            Ok(versions) => Ok(versions.into_iter().collect()),
            Err(error) if is_no_table(&error) => Ok(BTreeSet::new()),
            Err(error) => Err(db_error(error)),
        }
    }

    /// From which version on a server can work on this schema.
    async fn min_version(&self) -> Result<i64> {
        on_pool!(&self.pools, c => {
            sqlx::query_scalar("select min_version from schema_compatibility where id = 1")
                .fetch_one(c).await
        })
        .map_err(db_error)
    }
}

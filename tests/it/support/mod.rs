//! What the tests share: servers, people with connections, faults.

pub mod bombs;
pub mod database;
pub mod disk;
pub mod files;
pub mod logged_process;
pub mod page;
pub mod people;
pub mod proxy;
pub mod raw;
pub mod s3;
pub mod server;
pub mod statements;
pub mod terminal;
pub mod tls;
pub mod wait;
pub mod web;

pub use database::Database;
pub use logged_process::LoggedProcess;
pub use people::{Person, Stream};
pub use server::{Process, Server};
pub use terminal::Terminal;
pub use wait::{within, within_secs};

/// Makes two named tests of one body: on SQLite and on MySQL.
macro_rules! on_both_databases {
    ($($(#[doc = $doc:literal])* async fn $name:ident($database:ident: Database) $body:block)*) => {
        $(
            $(#[doc = $doc])*
            mod $name {
                #[allow(unused_imports)]
                use super::*;

                async fn body($database: crate::support::Database) $body

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn on_sqlite() {
                    body(crate::support::Database::Sqlite).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn on_mysql() {
                    body(crate::support::Database::MySql).await;
                }
            }
        )*
    };
}
pub(crate) use on_both_databases;

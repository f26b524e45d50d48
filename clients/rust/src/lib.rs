//! The Rust SDK of Causerie.
//!
//! [`Client`] makes typed calls and renews its tokens by itself. [`Client::live`]
//! keeps one connection: it reconnects, resumes, heals holes, and sends what
//! waits in its outbox exactly once. The [`Updates`] it gives have the
//! guarantees already: in each room, each change once, in order, without a hole.
//!
//! ```no_run
//! use causerie_client::{Client, Update, live::Options, v1};
//!
//! # async fn example() -> Result<(), causerie_client::Error> {
//! // TLS for https://; `Client::builder` takes root certificates of one's own.
//! let client = Client::connect("http://127.0.0.1:8080")?;
//! client.login("ada", "violet-anchor-7-drum", true).await?;
//! let (live, mut updates) = client.live(Options::default());
//! while let Some(update) = updates.next().await {
//!     let Update::Change { change, .. } = update else { continue };
//!     if let v1::RoomChange { room_id, message: Some(message), .. } = change {
//!         if let Some(v1::message::Content::Text(text)) = message.content {
//!             if text == "ping" {
//!                 live.send(&room_id, "pong").await?;
//!             }
//!         }
//!     }
//! }
//! # Ok(())
//! # }
//! ```

pub mod apply;
#[cfg(test)]
mod cases;
pub mod client;
pub mod connection;
pub mod cursor;
pub mod deltas;
pub mod endpoint;
pub mod error;
pub mod files;
pub mod folding;
mod gap;
mod keeper;
pub mod live;
pub mod notify;
pub mod outbox;
pub mod retry;
mod users;

/// The generated code of package causerie.v1.
#[expect(clippy::all, clippy::pedantic, reason = "generated")]
pub mod v1 {
    tonic::include_proto!("causerie.v1");
}

pub use client::{Client, SessionTokens};
pub use error::Error;
pub use files::UploadError;
pub use live::{Live, Update, Updates};

//! Causerie: a chat server whose whole API is gRPC.
//!
//! The folder says which step of a message's way you are at, the file says what
//! it is about. Arrows point down only:
//!
//! ```text
//! server      puts the parts together, starts and drains them; routes has every route
//!   transport one accept loop: limits, PROXY header, TLS, HTTP, unread responses
//!   api       the client edge: tonic's Request and Status
//!     session one connected stream
//!       chat  the rules
//!         store    the truth: all SQL, group commit
//!         fanout   from a commit to every session (through wire)
//!         auth     tokens and passwords
//!         files    the bytes of files
//!           model, error
//! ```
//!
//! `ARCHITECTURE.md` has the map, `tests/it/walk.rs` the walk.

pub mod api;
pub mod auth;
pub mod clock;
pub mod config;
pub mod error;
pub mod fanout;
pub mod files;
pub mod model;
mod routes;
mod server;
pub mod service;
pub mod store;
pub mod stream;
pub mod transport;
mod web;
pub mod wire;

pub use config::Config;
pub use error::Error;
pub use server::serve;

//! From one commit to every stream on this node. Nothing here waits for a
//! reader, and nothing here is the truth: whoever misses an event reads the
//! store.

mod change_batch;
pub mod hub;
pub mod presence;
mod registry;
pub mod subscriber;
pub mod typing;
pub mod users;
mod watch;

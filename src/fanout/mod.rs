//! From one commit to every session on this node. Nothing here waits for a
//! reader, and nothing here is the truth: whoever misses an event reads the
//! store.

pub mod hub;
pub mod presence;
pub mod typing;
pub mod users;
mod watch;

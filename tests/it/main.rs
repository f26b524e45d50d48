//! A real server on a free port, real clients, both databases. `walk.rs` first.

mod support;

mod accounts;
mod bad_input;
mod converge;
mod conversations;
mod layers;
mod messages;
mod once;
mod outage;
mod presence;
mod resume;
mod rooms;
mod sdk;
mod sessions;
mod shutdown;
mod slow_reader;
mod streams;
mod terminal;
mod transcript;
mod walk;

//! A real server on a free port, real clients, both databases. `walk.rs` first.

mod support;

mod accounts;
mod admin;
mod bad_input;
mod converge;
mod conversations;
mod cookie;
mod counters;
mod downloads;
mod files;
mod invites;
mod large_rooms;
mod layers;
mod limits;
mod matrix;
mod messages;
mod once;
mod outage;
mod plans;
mod presence;
mod receipts;
mod resume;
mod rooms;
mod s3;
mod sdk;
mod search;
mod sessions;
mod shutdown;
mod slow_reader;
mod streams;
mod terminal;
mod threads;
mod transcript;
mod uploads;
mod walk;

//! Generated code and conversions. From the model to the wire cannot fail; from
//! the wire to the model collects every bad field.

pub mod accounts;
pub mod admin;
pub mod events;
pub mod fields;
pub mod files;
pub mod frame;
pub mod idempotency;
pub mod invites;
pub mod marks;
pub mod messages;
pub mod paging;
pub mod presence;
pub mod rooms;
pub mod search;
pub mod server;
pub mod users;

/// The generated code of package causerie.v1.
#[expect(clippy::all, clippy::pedantic, reason = "generated")]
pub mod v1 {
    tonic::include_proto!("causerie.v1");
}

/// All descriptors, for reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/causerie.bin"));

use crate::model::Timestamp;

#[must_use]
pub fn timestamp(at: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: at.0.div_euclid(1_000_000),
        nanos: i32::try_from(at.0.rem_euclid(1_000_000) * 1_000)
            .expect("less than a second of nanoseconds"),
    }
}

#[must_use]
pub fn duration(duration: std::time::Duration) -> prost_types::Duration {
    prost_types::Duration {
        seconds: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(duration.subsec_nanos()).expect("less than a second of nanoseconds"),
    }
}

//! Configuration: one small struct for each layer; nobody else reads it.
//! `config.default.toml` is the defaults and the manual.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use serde::Deserialize;

use crate::{
    clock::Clock,
    error::{Error, Result},
    model::sign_up::SignUpPolicy,
};

/// Every option with its comment and default.
pub const DEFAULTS: &str = include_str!("../config.default.toml");

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub server: Server,
    pub store: Store,
    pub auth: Auth,
    pub chat: Chat,
    pub files: Files,
    pub stream: Stream,
    pub presence: Presence,
    pub search: Search,
    pub log: Log,
    /// The time of day; not an option.
    #[serde(skip)]
    pub clock: Clock,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub listen: SocketAddr,
    pub data: PathBuf,
    pub cors_origins: Vec<String>,
    pub reflection: bool,
    pub stop_within_ms: u64,
    pub tls_certificate: PathBuf,
    pub tls_key: PathBuf,
    pub trusted_proxies: Vec<String>,
    pub forwarded_header: String,
    pub proxy_protocol: bool,
    pub max_connections: usize,
    pub max_connections_per_address: usize,
    pub max_streams: usize,
    pub max_streams_per_user: usize,
    pub head_timeout_ms: u64,
    pub request_timeout_ms: u64,
    pub unread_timeout_ms: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    pub url: String,
    pub connections: u32,
    pub lanes: usize,
    pub lease_heartbeat_ms: u64,
    pub lease_expiry_ms: u64,
    pub checkpoint_every_ms: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    pub access_token_ms: u64,
    pub idle_ms: u64,
    pub keep_ms: u64,
    pub refresh_grace_ms: u64,
    pub signing_keys: Vec<String>,
    pub argon2_memory_kib: u32,
    pub argon2_passes: u32,
    pub argon2_parallel: usize,
    pub failed_logins_before_delay: u32,
    pub failed_logins_per_address_per_minute: u32,
    pub failed_logins_per_name_per_hour: u32,
    pub registrations_per_minute: u32,
    pub sign_up: SignUpPolicy,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chat {
    pub calls_per_second: u32,
    pub calls_burst: u32,
    pub messages_per_second: u32,
    pub messages_burst: u32,
    pub resume_changes: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    pub url: String,
    pub s3_endpoint: String,
    pub s3_region: String,
    pub s3_access_key: String,
    pub s3_secret_key: String,
    pub s3_within_ms: u64,
    pub max_bytes: u64,
    pub quota_bytes: u64,
    pub upload_idle_ms: u64,
    pub unreferenced_ms: u64,
    pub collect_every_ms: u64,
    pub image_pixels: u64,
    pub images_parallel: usize,
    pub link_ms: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stream {
    pub heartbeat_ms: u64,
    pub queue: usize,
    pub slow_reader_ms: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Presence {
    pub grace_ms: u64,
    pub merge_ms: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    pub index: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub filter: String,
    pub json: bool,
}

impl Config {
    /// The defaults, overridden by the file (if one is given), overridden by
    /// `CAUSERIE_SECTION__OPTION` variables.
    pub fn load(file: Option<&std::path::Path>) -> Result<Self> {
        let mut builder = config::Config::builder()
            .add_source(config::File::from_str(DEFAULTS, config::FileFormat::Toml));
        if let Some(file) = file {
            builder = builder.add_source(config::File::from(file).format(config::FileFormat::Toml));
        }
        builder
            .add_source(
                config::Environment::with_prefix("CAUSERIE")
                    // Only names with a section are options; CAUSERIE_SERVER,
                    // say, is the clients'.
                    .source(Some(
                        std::env::vars().filter(|(name, _)| name.contains("__")).collect(),
                    ))
                    .prefix_separator("_")
                    .separator("__")
                    .try_parsing(true)
                    .list_separator(",")
                    .with_list_parse_key("server.cors_origins")
                    .with_list_parse_key("server.trusted_proxies")
                    .with_list_parse_key("auth.signing_keys"),
            )
            .build()
            .and_then(config::Config::try_deserialize)
            .map_err(|error| Error::invalid("configuration", error.to_string()))
            .and_then(Self::checked)
    }

    /// The database's URL, with the default filled in.
    #[must_use]
    pub fn store_url(&self) -> String {
        if self.store.url.is_empty() {
            format!("sqlite:{}", self.server.data.join("causerie.db").display())
        } else {
            self.store.url.clone()
        }
    }

    fn checked(self) -> Result<Self> {
        let positive = [
            ("store.lanes", self.store.lanes),
            ("stream.queue", self.stream.queue),
            ("server.max_streams", self.server.max_streams),
            ("server.max_streams_per_user", self.server.max_streams_per_user),
            ("server.max_connections", self.server.max_connections),
            ("server.max_connections_per_address", self.server.max_connections_per_address),
        ];
        for (option, value) in [
            ("files.link_ms", self.files.link_ms),
            ("files.collect_every_ms", self.files.collect_every_ms),
            ("server.head_timeout_ms", self.server.head_timeout_ms),
            ("server.request_timeout_ms", self.server.request_timeout_ms),
            ("server.unread_timeout_ms", self.server.unread_timeout_ms),
        ] {
            if value == 0 {
                return Err(Error::invalid(option, "must be at least 1"));
            }
        }
        if self.store.lease_heartbeat_ms == 0
            || self.store.lease_expiry_ms / 3 < self.store.lease_heartbeat_ms
        {
            let rule = "must be at least three times store.lease_heartbeat_ms, which must be at \
                        least 1";
            return Err(Error::invalid("store.lease_expiry_ms", rule));
        }
        for (option, value) in positive {
            if value == 0 {
                return Err(Error::invalid(option, "must be at least 1"));
            }
        }
        Ok(self)
    }
}

impl Default for Config {
    fn default() -> Self {
        config::Config::builder()
            .add_source(config::File::from_str(DEFAULTS, config::FileFormat::Toml))
            .build()
            .and_then(config::Config::try_deserialize)
            .expect("a test proves that the compiled-in defaults are valid")
    }
}

/// A duration from an option in milliseconds.
#[must_use]
pub fn ms(value: u64) -> Duration {
    Duration::from_millis(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiled_in_defaults_are_valid() {
        assert!(Config::default().checked().is_ok());
    }
}

//! Where a profile's tokens are kept: readable by their owner alone.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use causerie_client::{Client, SessionTokens, endpoint::canonical_url};
use serde::{Deserialize, Serialize};
use tokio::{sync::oneshot, task::JoinHandle};

use crate::Problem;

#[derive(Debug, Clone)]
pub struct Profile {
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    server: String,
    tokens: SessionTokens,
}

/// Writes the tokens down whenever they change.
pub struct Keeping {
    stop: oneshot::Sender<()>,
    /// Returns whether the newest tokens are written down.
    task: JoinHandle<bool>,
    profile: Profile,
    server: String,
}

impl Profile {
    /// `$XDG_CONFIG_HOME/causerie/NAME.json`, or the same in `~/.config`.
    pub fn named(name: &str) -> Result<Self, Problem> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
            return Err("a profile's name has letters, digits, `-`, `_` and `.`".into());
        }
        let folder = std::env::var_os("XDG_CONFIG_HOME")
            .filter(|folder| !folder.is_empty())
            .map(PathBuf::from)
            .or_else(|| std::env::home_dir().map(|home| home.join(".config")))
            .ok_or("there is no home folder to keep the session in")?;
        Ok(Self { path: folder.join("causerie").join(format!("{name}.json")) })
    }

    /// The tokens that were kept for this server, however its address is written.
    pub fn load(&self, server: &str) -> Result<Option<SessionTokens>, Problem> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.problem("read", &error)),
        };
        // An unreadable file is as good as none: signing in makes a new one.
        let saved: Option<Saved> = serde_json::from_str(&text).ok();
        let is_same = |saved: &Saved| canonical_url(&saved.server) == canonical_url(server);
        Ok(saved.filter(is_same).map(|saved| saved.tokens))
    }

    /// Keeps the client's tokens from now on.
    pub fn keep(&self, server: &str, client: &Client) -> Keeping {
        let mut newest = client.tokens();
        let (profile, to) = (self.clone(), server.to_owned());
        let (stop, mut stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let mut kept = true;
            loop {
                tokio::select! {
                    changed = newest.changed() => {
                        if changed.is_err() {
                            return kept;
                        }
                        let tokens = newest.borrow_and_update().clone();
                        // Told at the end, when it is tried once more.
                        kept = profile.save(&to, tokens).is_ok();
                    }
                    _ = &mut stopped => {
                        return kept && !newest.has_changed().unwrap_or(false);
                    }
                }
            }
        });
        Keeping { stop, task, profile: self.clone(), server: server.to_owned() }
    }

    fn save(&self, server: &str, tokens: Option<SessionTokens>) -> Result<(), Problem> {
        let Some(tokens) = tokens else {
            return match fs::remove_file(&self.path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(self.problem("remove", &error))
                }
                _ => Ok(()),
            };
        };
        let text = serde_json::to_string_pretty(&Saved { server: canonical_url(server), tokens })
            .map_err(|error| error.to_string())?;
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let new = self.path.with_extension(format!("new-{}", std::process::id()));
        fs::create_dir_all(folder)
            .and_then(|()| {
                fs::OpenOptions::new()
                    .write(true)
                    .create(true)
                    .truncate(true)
                    .mode(0o600)
                    .open(&new)
            })
            .and_then(|mut file| file.write_all(text.as_bytes()))
            // As a whole, so that a crash leaves the old or the new one.
            .and_then(|()| fs::rename(&new, &self.path))
            .map_err(|error| self.problem("write", &error))
    }

    fn problem(&self, what: &str, error: &std::io::Error) -> Problem {
        format!("cannot {what} {}: {error}", self.path.display())
    }
}

impl Keeping {
    /// Writes the newest tokens down, if they are not yet. Others who use the
    /// profile may have written since: what did not change here stays as it is.
    pub async fn finish(self, client: &Client) -> Result<(), Problem> {
        let _ = self.stop.send(());
        if self.task.await.unwrap_or(false) {
            return Ok(());
        }
        let tokens = client.tokens().borrow().clone();
        self.profile.save(&self.server, tokens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(access: &str) -> SessionTokens {
        let (access_token, refresh_token) = (access.into(), String::new());
        SessionTokens { access_token, access_expires_at: 0, refresh_token }
    }

    #[test]
    fn a_session_is_found_however_the_address_of_its_server_is_written() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let profile = Profile { path: folder.path().join("ada.json") };
        let found = |server: &str| {
            profile.load(server).expect("it can be read").map(|tokens| tokens.access_token)
        };
        profile.save("HTTP://Host:8080/", Some(tokens("new"))).expect("written");
        for server in ["http://host:8080", "http://host:8080/", "HTTP://HOST:8080"] {
            assert_eq!(found(server).as_deref(), Some("new"), "{server}");
        }
        for other in ["https://host:8080", "http://host", "http://other:8080"] {
            assert_eq!(found(other), None, "{other}");
        }
        // As older versions have written it.
        let saved = Saved { server: "http://host:8080/".into(), tokens: tokens("old") };
        let text = serde_json::to_string(&saved).expect("JSON");
        fs::write(&profile.path, text).expect("written");
        assert_eq!(found("http://HOST:8080").as_deref(), Some("old"));
    }
}

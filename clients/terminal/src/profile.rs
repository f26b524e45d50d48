//! Where a profile's tokens are kept: readable by their owner alone.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use causerie_client::{Client, SessionTokens, endpoint::canonical_url};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
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

/// What the last sign-in has left on this device; it outlives the session.
#[derive(Serialize, Deserialize)]
struct SavedDevice {
    server: String,
    device_token: String,
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
            return Err("profile names may only contain letters, digits, `-`, `_` and `.`, \
                        and must not start with `.`"
                .into());
        }
        let folder = std::env::var_os("XDG_CONFIG_HOME")
            .filter(|folder| !folder.is_empty())
            .map(PathBuf::from)
            .or_else(|| std::env::home_dir().map(|home| home.join(".config")))
            .ok_or("no home directory to store the session in")?;
        Ok(Self { path: folder.join("causerie").join(format!("{name}.json")) })
    }

    /// The tokens that were kept for this server, however its address is written.
    pub fn load(&self, server: &str) -> Result<Option<SessionTokens>, Problem> {
        let saved: Option<Saved> = read(&self.path)?;
        let is_same = |saved: &Saved| canonical_url(&saved.server) == canonical_url(server);
        Ok(saved.filter(is_same).map(|saved| saved.tokens))
    }

    /// The device token of this server; empty if there is none.
    pub fn load_device_token(&self, server: &str) -> Result<String, Problem> {
        let saved: Option<SavedDevice> = read(&self.device_path())?;
        let is_same = |saved: &SavedDevice| saved.server == canonical_url(server);
        Ok(saved.filter(is_same).map(|saved| saved.device_token).unwrap_or_default())
    }

    pub fn save_device_token(&self, server: &str, token: &str) -> Result<(), Problem> {
        let saved = SavedDevice { server: canonical_url(server), device_token: token.to_owned() };
        write(&self.device_path(), &saved)
    }

    fn device_path(&self) -> PathBuf {
        self.path.with_extension("device.json")
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
                    Err(problem(&self.path, "remove", &error))
                }
                _ => Ok(()),
            };
        };
        write(&self.path, &Saved { server: canonical_url(server), tokens })
    }
}

/// What a file says; `None` if there is none. One that makes no sense is as good as
/// none: signing in makes a new one.
fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Problem> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(serde_json::from_str(&text).ok()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(problem(path, "read", &error)),
    }
}

/// Writes a file that only its owner can read, as a whole: a crash leaves the old one
/// or the new one.
fn write(path: &Path, saved: &impl Serialize) -> Result<(), Problem> {
    let text = serde_json::to_string_pretty(saved).map_err(|error| error.to_string())?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let new = path.with_extension(format!("new-{}", std::process::id()));
    let open =
        || fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new);
    fs::create_dir_all(folder)
        .and_then(|()| open())
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| fs::rename(&new, path))
        .map_err(|error| problem(path, "write", &error))
}

fn problem(path: &Path, what: &str, error: &std::io::Error) -> Problem {
    format!("cannot {what} {}: {error}", path.display())
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

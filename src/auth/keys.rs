//! The keys that sign tokens. The first one signs, all of them verify, so that
//! a key can be replaced while its tokens are still about.

use std::{
    collections::HashMap,
    fs,
    io::Write as _,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use jsonwebtoken::{DecodingKey, EncodingKey};
use rand::{Rng as _, distr::Alphanumeric};
use uuid::Uuid;

use crate::error::{Error, Result};

/// One `NAME:BASE64` on each line.
const FILE: &str = "signing-keys";
const KEY_BYTES: usize = 32;

/// The keys of a server.
pub struct Keys {
    /// Name and key that sign.
    pub(super) signing: (String, EncodingKey),
    pub(super) verifying: HashMap<String, DecodingKey>,
}

impl Keys {
    /// Reads the keys of the data folder, or makes the first one.
    pub fn load_or_make(data: &Path) -> Result<Self> {
        let path = data.join(FILE);
        if !path.exists() {
            make_first(&path, &format!("{}\n", new_key().1))?;
        }
        let text = fs::read_to_string(&path).map_err(Error::internal)?;
        let mode = fs::metadata(&path).map_err(Error::internal)?.permissions().mode();
        if mode & 0o077 != 0 {
            tracing::warn!(path = %path.display(), "the signing keys were readable by others");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600))
                .map_err(Error::internal)?;
        }
        Self::parse(FILE, text.lines().filter(|line| !line.trim().is_empty()))
    }

    /// Reads `NAME:BASE64` keys; `source` is what a message about a bad one names.
    pub fn parse<'a>(source: &str, lines: impl Iterator<Item = &'a str>) -> Result<Self> {
        let mut signing = None;
        let mut verifying = HashMap::new();
        for line in lines {
            let bad = || {
                // The line itself is a secret.
                let rule = "must be of the form NAME:BASE64, with at least 32 bytes and a name \
                            of its own";
                Error::invalid(source, rule)
            };
            let (name, secret) = line.trim().split_once(':').ok_or_else(bad)?;
            let key = EncodingKey::from_base64_secret(secret).map_err(|_| bad())?;
            let verifier = DecodingKey::from_base64_secret(secret).map_err(|_| bad())?;
            // Base64 of 32 bytes has 43 characters without its padding.
            if name.is_empty() || secret.trim_end_matches('=').len() < 43 {
                return Err(bad());
            }
            if verifying.insert(name.to_owned(), verifier).is_some() {
                return Err(bad());
            }
            signing.get_or_insert_with(|| (name.to_owned(), key));
        }
        let signing =
            signing.ok_or_else(|| Error::invalid(source, "must have at least one key"))?;
        Ok(Self { signing, verifying })
    }
}

/// Puts a new key in front of those in the data folder; returns its name.
pub fn rotate(data: &Path) -> Result<String> {
    let path = data.join(FILE);
    let old = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(Error::internal(error)),
    };
    let (name, line) = new_key();
    replace(&path, &format!("{line}\n{old}"))?;
    Ok(name)
}

/// Name and line of a random key.
fn new_key() -> (String, String) {
    let mut random = rand::rng();
    let name: String = (&mut random).sample_iter(Alphanumeric).take(8).map(char::from).collect();
    let mut secret = [0_u8; KEY_BYTES];
    random.fill(&mut secret);
    let line = format!("{name}:{}", base64(&secret));
    (name, line)
}

/// Makes the file, unless another node that starts over the same folder was
/// faster: then its key stands.
fn make_first(path: &Path, text: &str) -> Result<()> {
    put(path, text, |new, path| {
        let made = fs::hard_link(new, path);
        match made {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            // Not every file system has links.
            Err(_) => return fs::rename(new, path),
            Ok(()) => {}
        }
        fs::remove_file(new)
    })
}

/// Replaces the file as a whole.
fn replace(path: &Path, text: &str) -> Result<()> {
    put(path, text, |new, path| fs::rename(new, path))
}

/// Writes a new file, readable by nobody else at any moment, and lets `place`
/// bring it to its path.
fn put(
    path: &Path,
    text: &str,
    place: impl FnOnce(&Path, &Path) -> std::io::Result<()>,
) -> Result<()> {
    let folder = path.parent().map(PathBuf::from).unwrap_or_default();
    fs::create_dir_all(&folder).map_err(Error::internal)?;
    let new = path.with_extension(format!("new-{}", Uuid::new_v4().simple()));
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| place(&new, path))
        // The new name itself must survive a power cut.
        .and_then(|()| fs::File::open(&folder)?.sync_all());
    written.map_err(Error::internal)
}

fn base64(bytes: &[u8]) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_kept_private() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let first = Keys::load_or_make(folder.path()).expect("a key is made");
        let again = Keys::load_or_make(folder.path()).expect("it is found again");
        assert_eq!(first.signing.0, again.signing.0);
        let mode = fs::metadata(folder.path().join(FILE)).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn nodes_that_start_together_sign_with_one_key() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let names: Vec<String> = std::thread::scope(|scope| {
            let nodes: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| Keys::load_or_make(folder.path()).expect("a key")))
                .collect();
            nodes.into_iter().map(|node| node.join().expect("it ran").signing.0).collect()
        });
        assert!(names.iter().all(|name| *name == names[0]), "{names:?}");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing else stays");
    }

    #[test]
    fn a_rotated_key_goes_on_verifying() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let old = Keys::load_or_make(folder.path()).expect("a key is made").signing.0;
        let new = rotate(folder.path()).expect("keys can be rotated");
        let keys = Keys::load_or_make(folder.path()).expect("both are found");
        assert_eq!(keys.signing.0, new);
        assert!(keys.verifying.contains_key(&old));
    }

    #[test]
    fn a_weak_or_nameless_key_is_refused() {
        for bad in ["", "a", "a:!!!", "a:c2hvcnQ=", &format!(":{}", base64(&[1; 32]))] {
            assert!(Keys::parse("keys", [bad].into_iter()).is_err(), "{bad}");
        }
        let twice = format!("a:{}", base64(&[1; 32]));
        assert!(Keys::parse("keys", [twice.as_str(), twice.as_str()].into_iter()).is_err());
        assert!(Keys::parse("keys", std::iter::empty()).is_err());
    }
}

//! TLS with a certificate from files, which are read again when they change.

use std::{
    fs::{self, Metadata},
    io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio_rustls::TlsAcceptor;

use crate::error::{Error, Result};

/// How often the files are looked at.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// The certificate in use, and where it is from.
#[derive(Debug)]
pub struct Certificate {
    files: Files,
    /// The files as they were just before they were read first.
    loaded: Version,
    current: RwLock<Arc<CertifiedKey>>,
}

#[derive(Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// What tells that a file is another one, or has other content.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Version(Vec<(Option<SystemTime>, u64, u64)>);

impl Certificate {
    /// Reads a certificate chain and its private key, both as PEM.
    pub fn load(certificate: &Path, key: &Path) -> Result<Arc<Self>> {
        let files = Files { certificate: certificate.to_owned(), key: key.to_owned() };
        let loaded = files.version();
        let current = RwLock::new(Arc::new(files.read()?));
        Ok(Arc::new(Self { files, loaded, current }))
    }

    /// Accepts TLS connections with this certificate, for HTTP/2 and HTTP/1.1.
    pub fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(Error::internal)?
            .with_no_client_auth()
            .with_cert_resolver(self.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Takes what the files have become, for as long as this runs. Files that
    /// cannot be used, such as a certificate whose key is not there yet, are
    /// reported once, and the certificate in use stays.
    pub async fn follow(self: Arc<Self>) {
        let mut seen = self.loaded.clone();
        let mut ticks = tokio::time::interval(CHECK_EVERY);
        loop {
            ticks.tick().await;
            let version = self.files.version();
            if version == seen {
                continue;
            }
            seen = version;
            match self.files.read() {
                Ok(key) => {
                    tracing::info!("the TLS certificate has been read again");
                    *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(key);
                }
                Err(error) => {
                    tracing::warn!(%error, "the TLS certificate in use stays");
                }
            }
        }
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

impl Files {
    fn read(&self) -> Result<CertifiedKey> {
        let unusable = |option: &str, path: &Path, cause: &dyn std::fmt::Display| {
            Error::invalid(option, format!("cannot be used ({}): {cause}", path.display()))
        };
        let chain = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect::<std::result::Result<Vec<_>, _>>)
            .map_err(|cause| unusable("server.tls_certificate", &self.certificate, &cause))?;
        if chain.is_empty() {
            let cause = io::Error::other("there is no certificate in it");
            return Err(unusable("server.tls_certificate", &self.certificate, &cause));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|cause| unusable("server.tls_key", &self.key, &cause))?;
        let certified = CertifiedKey::from_der(chain, key, &provider())
            .map_err(|cause| unusable("server.tls_key", &self.key, &cause))?;
        Ok(certified)
    }

    fn version(&self) -> Version {
        let of = |path: &PathBuf| {
            fs::metadata(path).map_or((None, 0, 0), |metadata| {
                (metadata.modified().ok(), metadata.len(), inode(&metadata))
            })
        };
        Version(vec![of(&self.certificate), of(&self.key)])
    }
}

fn inode(metadata: &Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    metadata.ino()
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

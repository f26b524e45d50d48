//! A TLS server in front of a plain one, and listeners that keep what they are sent.

use std::sync::{Arc, Mutex};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

/// Speaks TLS with a certificate of a CA of its own, and passes on to a server in
/// the clear.
pub struct TlsProxy {
    pub url: String,
    /// The CA's certificate in PEM, as a file.
    pub ca_file: tempfile::NamedTempFile,
    /// Everything that clients have sent, as it was on the wire.
    pub wire: Wire,
    task: JoinHandle<()>,
}

impl TlsProxy {
    /// The certificate is for `name`; the URL has 127.0.0.1.
    pub async fn to(url: &str, name: &str) -> Self {
        let target = url.trim_start_matches("http://").to_owned();
        let (config, ca_pem) = server_config(name);
        let ca_file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(ca_file.path(), ca_pem).expect("written");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("https://{}", listener.local_addr().expect("an address"));
        let wire = Wire::default();
        let seen = wire.clone();
        let task = tokio::spawn(async move {
            loop {
                let Ok((near, _)) = listener.accept().await else { return };
                let (acceptor, target) = (acceptor.clone(), target.clone());
                // What the client sends is kept on its way to TLS.
                let (kept, mut tls_side) = tokio::io::duplex(64 * 1024);
                tokio::spawn(pass(near, kept, seen.clone()));
                tokio::spawn(async move {
                    let Ok(mut tls) = acceptor.accept(&mut tls_side).await else { return };
                    let Ok(mut far) = TcpStream::connect(&target).await else { return };
                    let _ = copy_bidirectional(&mut tls, &mut far).await;
                });
            }
        });
        Self { url, ca_file, wire, task }
    }
}

impl Drop for TlsProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(near: TcpStream, far: tokio::io::DuplexStream, wire: Wire) {
    let (mut near_reads, mut near_writes) = near.into_split();
    let (mut far_reads, mut far_writes) = tokio::io::split(far);
    let there = async {
        let mut bytes = vec![0; 16 * 1024];
        while let Ok(length @ 1..) = near_reads.read(&mut bytes).await {
            wire.0.lock().expect("no panic").extend_from_slice(&bytes[..length]);
            if far_writes.write_all(&bytes[..length]).await.is_err() {
                return;
            }
        }
        let _ = far_writes.shutdown().await;
    };
    let back = async {
        let _ = tokio::io::copy(&mut far_reads, &mut near_writes).await;
        let _ = near_writes.shutdown().await;
    };
    tokio::join!(there, back);
}

fn server_config(name: &str) -> (ServerConfig, String) {
    let mut ca = CertificateParams::new(vec![]).expect("parameters");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    // Each CA has a name of its own, or they would seem to be one.
    ca.distinguished_name.push(DnType::CommonName, format!("CA {}", uuid::Uuid::new_v4()));
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().expect("a key")).expect("a CA");
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
    let leaf = leaf.signed_by(&key, &ca).expect("a certificate");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .expect("a certificate with its key");
    config.alpn_protocols = vec![b"h2".to_vec()];
    (config, ca.pem())
}

/// Bytes that were seen on connections.
#[derive(Clone, Default)]
pub struct Wire(Arc<Mutex<Vec<u8>>>);

impl Wire {
    pub fn is_empty(&self) -> bool {
        self.0.lock().expect("no panic").is_empty()
    }

    pub fn contains(&self, text: &str) -> bool {
        let bytes = self.0.lock().expect("no panic");
        bytes.windows(text.len()).any(|part| part == text.as_bytes())
    }
}

/// A listener without a server: it keeps what comes and never answers.
pub struct Recorder {
    /// Host and port.
    pub address: String,
    pub wire: Wire,
    connections: Arc<Mutex<usize>>,
    task: JoinHandle<()>,
}

impl Recorder {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let (wire, connections) = (Wire::default(), Arc::new(Mutex::new(0)));
        let (seen, count) = (wire.clone(), connections.clone());
        let task = tokio::spawn(async move {
            loop {
                let Ok((mut stream, _)) = listener.accept().await else { return };
                *count.lock().expect("no panic") += 1;
                let seen = seen.clone();
                tokio::spawn(async move {
                    let mut bytes = vec![0; 16 * 1024];
                    // A server that speaks no TLS ends it after the first bytes.
                    if let Ok(length) = stream.read(&mut bytes).await {
                        seen.0.lock().expect("no panic").extend_from_slice(&bytes[..length]);
                    }
                    let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
                });
            }
        });
        Self { address, wire, connections, task }
    }

    pub fn connections(&self) -> usize {
        *self.connections.lock().expect("no panic")
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

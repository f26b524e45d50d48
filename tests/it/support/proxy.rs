//! A TCP proxy whose connections can be cut, for faults on the way.

use std::sync::Arc;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

pub struct Proxy {
    pub url: String,
    /// Counts the cuts; every connection ends when it changes.
    cuts: Arc<watch::Sender<u32>>,
    task: JoinHandle<()>,
}

impl Proxy {
    pub async fn to(url: &str) -> Self {
        let target = url.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let cuts = Arc::new(watch::Sender::new(0));
        let accepted_cuts = cuts.clone();
        let task = tokio::spawn(async move {
            loop {
                let Ok((mut near, _)) = listener.accept().await else { return };
                let Ok(mut far) = TcpStream::connect(&target).await else { continue };
                let mut cut = accepted_cuts.subscribe();
                tokio::spawn(async move {
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        Self { url, cuts, task }
    }

    /// Breaks all connections at once.
    pub fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
        self.cut();
    }
}

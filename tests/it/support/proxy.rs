//! A TCP proxy whose connections can be held up and cut, for faults on the way.

use std::{io, sync::Arc};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

pub struct Proxy {
    pub url: String,
    way: Arc<watch::Sender<Way>>,
    task: JoinHandle<()>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Way {
    /// Counts the cuts; every connection ends when it changes.
    cuts: u32,
    /// What the server says waits here.
    held: bool,
}

impl Proxy {
    pub async fn to(url: &str) -> Self {
        let target = url.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let way = Arc::new(watch::Sender::new(Way::default()));
        let accepted_way = way.clone();
        let task = tokio::spawn(async move {
            loop {
                let Ok((near, _)) = listener.accept().await else { return };
                let Ok(far) = TcpStream::connect(&target).await else { continue };
                tokio::spawn(relay(near, far, accepted_way.subscribe()));
            }
        });
        Self { url, way, task }
    }

    /// From now on requests arrive, but no answer comes back.
    pub fn hold(&self) {
        self.way.send_modify(|way| way.held = true);
    }

    /// Breaks all connections at once. What was held is lost, and new ones are
    /// not held up.
    pub fn cut(&self) {
        self.way.send_modify(|way| *way = Way { cuts: way.cuts + 1, held: false });
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
        self.cut();
    }
}

/// Until either side ends it, or a cut.
async fn relay(mut near: TcpStream, mut far: TcpStream, mut way: watch::Receiver<Way>) {
    let cuts = way.borrow_and_update().cuts;
    let (mut near_reads, near_writes) = near.split();
    let (far_reads, mut far_writes) = far.split();
    let answers = Answers { cuts, way: way.clone() };
    tokio::select! {
        // Without a sender the proxy is gone, and was cut.
        _ = way.wait_for(|way| way.cuts != cuts) => {}
        _ = copy(&mut near_reads, &mut far_writes) => {}
        _ = answers.pass(far_reads, near_writes) => {}
    }
}

/// What a server says on one connection.
struct Answers {
    cuts: u32,
    way: watch::Receiver<Way>,
}

impl Answers {
    async fn pass(
        mut self,
        mut from: impl AsyncRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
    ) -> io::Result<()> {
        let mut bytes = vec![0; 16 * 1024];
        loop {
            let length = from.read(&mut bytes).await?;
            let free = |way: &Way| !way.held || way.cuts != self.cuts;
            // The end of the hold is a cut: nothing slips through then.
            let cut = self.way.wait_for(free).await.map_or(true, |way| way.cuts != self.cuts);
            if length == 0 || cut {
                return Ok(());
            }
            to.write_all(&bytes[..length]).await?;
        }
    }
}

//! A connection's socket, watched: how far its request is, and whether the
//! client takes what is written.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::server::TlsStream;

use super::{activity::Activity, framing::Framing};

/// Plain or encrypted.
pub enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A socket that tells its connection's [`Activity`] what happens on it.
pub struct WatchedSocket {
    socket: Socket,
    framing: Framing,
    activity: Arc<Activity>,
}

impl WatchedSocket {
    pub fn new(socket: Socket, activity: Arc<Activity>) -> Self {
        Self { socket, framing: Framing::default(), activity }
    }

    fn note_write<T>(&self, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match result {
            Poll::Pending => self.activity.write_stalls(),
            Poll::Ready(_) => self.activity.write_proceeds(),
        }
        result
    }
}

macro_rules! on_stream {
    ($socket:expr, $stream:ident => $call:expr) => {
        match $socket {
            Socket::Plain($stream) => {
                let $stream = Pin::new($stream);
                $call
            }
            Socket::Tls($stream) => {
                let $stream = Pin::new($stream.as_mut());
                $call
            }
        }
    };
}

impl AsyncRead for WatchedSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(on_stream!(&mut self.socket, stream => stream.poll_read(context, buf)))?;
        let read = &buf.filled()[before..];
        if !read.is_empty() {
            let progress = self.framing.add(read);
            self.activity.received(progress);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for WatchedSocket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = on_stream!(&mut self.socket, stream => stream.poll_write(context, bytes));
        self.note_write(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result =
            on_stream!(&mut self.socket, stream => stream.poll_write_vectored(context, slices));
        self.note_write(result)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.socket {
            Socket::Plain(stream) => stream.is_write_vectored(),
            Socket::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = on_stream!(&mut self.socket, stream => stream.poll_flush(context));
        // TLS keeps what it has encrypted; a plain socket has nothing to flush.
        if matches!(self.socket, Socket::Tls(_)) { self.note_write(flushed) } else { flushed }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = on_stream!(&mut self.socket, stream => stream.poll_shutdown(context));
        self.note_write(shut)
    }
}

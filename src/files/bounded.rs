//! Where an animation is encoded to.

use std::io::{self, Write};

/// Takes nothing more once it has too much: every frame is encoded as a whole,
/// so that a small animation could become a very large one.
pub struct Bounded {
    bytes: Vec<u8>,
    max_bytes: usize,
}

impl Bounded {
    pub fn new(max_bytes: usize) -> Self {
        Self { bytes: Vec::new(), max_bytes }
    }

    /// `None` if there was too much.
    pub fn into_bytes(self) -> Option<Vec<u8>> {
        Some(self.bytes).filter(|bytes| bytes.len() <= self.max_bytes)
    }
}

impl Write for Bounded {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.bytes.len() > self.max_bytes {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

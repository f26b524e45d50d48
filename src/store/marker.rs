//! How far a SQLite database has come, in a file beside it. A database that has
//! not come so far lacks what a server has acknowledged: it was restored.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use uuid::Uuid;

/// How far the data of an epoch has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub epoch: Uuid,
    /// How many positions the rooms have given together.
    pub positions: i64,
}

impl Mark {
    /// Whether the data was further once, or was other data.
    pub fn lacks(self, mark: Self) -> bool {
        self.epoch != mark.epoch || self.positions < mark.positions
    }

    fn parse(text: &str) -> Option<Self> {
        let (epoch, positions) = text.trim_end().split_once(' ')?;
        Some(Self { epoch: Uuid::try_parse(epoch).ok()?, positions: positions.parse().ok()? })
    }
}

/// The file. It is written after a commit and never flushed to the disk: it may
/// stay behind the data, and is never ahead of it.
pub struct Marker {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How far the data has come, once the marker follows it.
    mark: Option<Mark>,
    /// `None` if it could not be written last time.
    file: Option<File>,
}

impl Marker {
    /// That of a database file.
    pub fn beside(database: &Path) -> Self {
        // Every path to the database leads to the same marker.
        let database = fs::canonicalize(database).unwrap_or_else(|_| database.to_owned());
        let mut path = database.into_os_string();
        path.push("-marker");
        Self { path: path.into(), state: Mutex::default() }
    }

    /// What it says; `None` if there is none, or none that can be read.
    pub fn read(&self) -> Option<Mark> {
        let text = fs::read_to_string(&self.path).ok()?;
        let mark = Mark::parse(&text);
        if mark.is_none() {
            tracing::warn!(path = %self.path.display(), "the marker cannot be read");
        }
        mark
    }

    /// Begins to follow the data, from here on. Fails if the file still says
    /// something else about data of another epoch: the next start would take the
    /// data for restored. A file that cannot be written is removed, and tried again
    /// with each commit.
    pub fn begin(&self, mark: Mark) -> io::Result<()> {
        let file = match self.open(mark) {
            Ok(file) => Some(file),
            Err(error) => {
                tracing::warn!(%error, path = %self.path.display(), "no marker is kept");
                let removed = fs::remove_file(&self.path);
                if removed.is_err() && self.read().is_some_and(|other| other.epoch != mark.epoch) {
                    return Err(error);
                }
                None
            }
        };
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) =
            State { mark: Some(mark), file };
        Ok(())
    }

    /// So many more positions have been committed.
    pub fn advance(&self, positions: usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mark) = state.mark.as_mut() else { return };
        mark.positions += i64::try_from(positions).unwrap_or(0);
        let mark = *mark;
        let written = match state.file.take() {
            Some(file) => write(&file, mark).map(|()| file),
            None => self.open(mark),
        };
        match written {
            Ok(file) => state.file = Some(file),
            Err(error) => tracing::debug!(%error, "the marker stays behind"),
        }
    }

    fn open(&self, mark: Mark) -> io::Result<File> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&self.path)?;
        write(&file, mark).map(|()| file)
    }
}

/// Always of the same length, so that it is replaced as a whole.
fn write(file: &File, mark: Mark) -> io::Result<()> {
    let Mark { epoch, positions } = mark;
    file.write_all_at(format!("{epoch} {positions:020}\n").as_bytes(), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_follows_the_data_and_survives_a_torn_write() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = folder.path().join("chat.db");
        let marker = Marker::beside(&database);
        assert_eq!(marker.read(), None);
        marker.advance(1);
        assert_eq!(marker.read(), None, "it has not begun");
        let mark = Mark { epoch: Uuid::from_u128(7), positions: 5 };
        marker.begin(mark).expect("written");
        marker.advance(3);
        let far = Marker::beside(&database).read().expect("a mark");
        assert_eq!(far, Mark { positions: 8, ..mark });
        assert!(mark.lacks(far) && !far.lacks(mark) && !far.lacks(far));
        assert!(far.lacks(Mark { epoch: Uuid::from_u128(8), positions: 0 }));
        fs::write(&marker.path, [0; 58]).expect("written");
        assert_eq!(marker.read(), None);
    }

    #[test]
    fn a_marker_that_cannot_be_written_is_removed_and_tried_again() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let marker = Marker::beside(&folder.path().join("chat.db"));
        let mark = |epoch, positions| Mark { epoch: Uuid::from_u128(epoch), positions };
        // A device that is always full stands for the disk.
        std::os::unix::fs::symlink("/dev/full", &marker.path).expect("a link");
        marker.begin(mark(7, 5)).expect("it goes on without");
        assert!(fs::symlink_metadata(&marker.path).is_err(), "it is gone");
        marker.advance(2);
        assert_eq!(marker.read(), Some(mark(7, 7)), "there is space again");
    }
}

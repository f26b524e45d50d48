//! Files: their lines, sending them, and saving them where they do no harm.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use causerie_client::{Client, v1};

use crate::{Problem, explain, lines::clean};

/// Most file systems take names of up to 255 bytes; a number may be added.
const NAME_BYTES: usize = 200;
/// So many files of one name may lie in a folder.
const COPIES: u32 = 1_000;

/// A file below a message.
pub fn line(file: &v1::File) -> String {
    let name = clean(&file.name).replace(['\n', '\t'], " ");
    format!("📎 {name}, {}", size(file.size_bytes))
}

fn size(bytes: i64) -> String {
    const UNITS: [&str; 3] = ["KiB", "MiB", "GiB"];
    if bytes == 1 {
        return "1 byte".into();
    }
    let mut unit = 1024;
    for name in UNITS {
        if bytes < unit {
            break;
        }
        if bytes < unit * 1024 || name == "GiB" {
            let tenths = i128::from(bytes) * 10 / i128::from(unit);
            return format!("{}.{} {name}", tenths / 10, tenths % 10);
        }
        unit *= 1024;
    }
    format!("{bytes} bytes")
}

/// The name of a file of one's own, to be shown.
pub fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    clean(&name).replace(['\n', '\t'], " ")
}

/// A path, with `~/` and quotes or `\` around its spaces as in a shell, and the
/// text after it.
pub fn path_and_text(words: &str) -> Option<(PathBuf, String)> {
    let mut chars = words.trim().chars();
    let mut path = String::new();
    let mut quote = None;
    while let Some(c) = chars.next() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('"' | '\'', None) => quote = Some(c),
            ('\\', None) => path.extend(chars.next()),
            (c, None) if c.is_whitespace() => break,
            (c, _) => path.push(c),
        }
    }
    if path.is_empty() || quote.is_some() {
        return None;
    }
    let home = path.strip_prefix("~/").and_then(|rest| Some(std::env::home_dir()?.join(rest)));
    Some((home.unwrap_or_else(|| path.into()), chars.as_str().trim().to_owned()))
}

/// Uploads a file.
pub async fn upload(client: &Client, path: &Path) -> Result<v1::File, Problem> {
    let shown = clean(&path.to_string_lossy());
    let failed = |error: io::Error| format!("{shown}: {error}");
    // What is no plain file, such as a pipe, might never end.
    let about = fs::metadata(path).map_err(failed)?;
    if !about.is_file() {
        return Err(format!("{shown} is not a file"));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let size_bytes = i64::try_from(about.len()).unwrap_or(i64::MAX);
    // First, so that one that is too large is not even read.
    let request = v1::StartUploadRequest { name, size_bytes, ..Default::default() };
    let started = client.start_upload(request).await.map_err(|e| explain(&e))?;
    let from = path.to_owned();
    let bytes = tokio::task::spawn_blocking(move || fs::read(from));
    let bytes = bytes.await.map_err(|error| error.to_string())?.map_err(failed)?;
    if i64::try_from(bytes.len()) != Ok(size_bytes) {
        return Err(format!("{shown} changed while it was being read"));
    }
    let upload = started.upload.unwrap_or_default();
    client.resume_upload(upload, &bytes).await.map_err(|e| explain(&e))
}

/// Downloads a file into a folder, under its own name or one like it; or to a
/// path where nothing is yet.
pub async fn save(client: &Client, file: &v1::File, to: &Path) -> Result<PathBuf, Problem> {
    let shown = clean(&to.to_string_lossy());
    // Said before anything is downloaded in vain.
    if !to.is_dir() && fs::symlink_metadata(to).is_ok() {
        return Err(format!("{shown} already exists"));
    }
    let request = v1::DownloadFileRequest { file_id: file.id.clone(), ..Default::default() };
    let bytes = client.download(request).await.map_err(|e| explain(&e))?;
    let (to, name) = (to.to_owned(), safe_name(&file.name));
    let kept = tokio::task::spawn_blocking(move || keep(&to, &name, &bytes));
    let kept = kept.await.map_err(|error| error.to_string())?;
    kept.map_err(|error| format!("{shown}: {error}"))
}

/// Writes bytes where no file is yet.
fn keep(to: &Path, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    if !to.is_dir() {
        return write_new(to, bytes).map(|()| to.to_owned());
    }
    for copy in 0..COPIES {
        let path = to.join(numbered(name, copy));
        match write_new(&path, bytes) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            written => return written.map(|()| path),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Neither a file nor what a link points to is overwritten.
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    let written = file.write_all(bytes).and_then(|()| file.flush());
    if written.is_err() {
        // Half a file is none.
        let _ = fs::remove_file(path);
    }
    written
}

fn numbered(name: &str, copy: u32) -> String {
    match (copy, name.rsplit_once('.')) {
        (0, _) => name.to_owned(),
        (copy, Some((stem, end))) => format!("{stem} ({copy}).{end}"),
        (copy, None) => format!("{name} ({copy})"),
    }
}

/// The name to save a file under: whoever sent it chooses neither the folder
/// nor a hidden name.
fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = |c: char| {
        if matches!(c, '\n' | '\t' | ':' | '*' | '?' | '"' | '<' | '>' | '|') { '_' } else { c }
    };
    let name: String = clean(last).chars().map(plain).collect();
    let name = name.trim_start_matches(['.', '-', ' ']).trim_end_matches(['.', ' ']);
    if name.is_empty() {
        return "file".into();
    }
    // What is too long loses its middle: the end tells the kind.
    let (stem, end) = match name.rsplit_once('.') {
        Some((stem, end)) if end.len() <= 16 => (stem, format!(".{end}")),
        _ => (name, String::new()),
    };
    let most = stem.floor_char_boundary(NAME_BYTES);
    format!("{}{end}", &stem[..most])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_chooses_neither_folder_nor_hidden_names() {
        for (name, safe) in [
            ("photo.jpg", "photo.jpg"),
            ("../../etc/passwd", "passwd"),
            ("C:\\autoexec.bat", "autoexec.bat"),
            (".bashrc", "bashrc"),
            ("..", "file"),
            ("/", "file"),
            ("-rf", "rf"),
            ("a\u{1b}[2J\n.txt", "a[2J_.txt"),
            ("x\u{202e}gpj.exe", "xgpj.exe"),
            ("日本.txt", "日本.txt"),
        ] {
            assert_eq!(safe_name(name), safe, "{name:?}");
        }
        let long = safe_name(&format!("{}.txt", "ä".repeat(255)));
        assert!(long.len() <= NAME_BYTES + 4 && long.ends_with("ä.txt"));
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (text, name) in [("one", "a.txt"), ("two", "a (1).txt"), ("three", "a (2).txt")] {
            let path = keep(folder.path(), "a.txt", text.as_bytes()).expect("kept");
            assert_eq!(path, folder.path().join(name));
            assert_eq!(fs::read_to_string(path).expect("read"), text);
        }
        let taken = folder.path().join("a.txt");
        assert!(keep(&taken, "b.txt", b"four").is_err());
        assert_eq!(fs::read_to_string(taken).expect("read"), "one");
        let dangling = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path().join("nowhere"), &dangling).expect("a link");
        assert!(keep(&dangling, "b.txt", b"five").is_err());
    }

    #[test]
    fn paths_are_written_as_in_a_shell() {
        for (words, path, text) in [
            ("a.txt", "a.txt", ""),
            ("a.txt  look at this ", "a.txt", "look at this"),
            ("\"my file.txt\" look", "my file.txt", "look"),
            ("'my \"file\".txt'", "my \"file\".txt", ""),
            ("my\\ file.txt it's", "my file.txt", "it's"),
        ] {
            assert_eq!(path_and_text(words), Some((path.into(), text.into())), "{words}");
        }
        assert_eq!(path_and_text(" "), None);
        assert_eq!(path_and_text("\"open"), None);
    }

    #[test]
    fn sizes_are_said_in_few_digits() {
        for (bytes, said) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1023, "1023 bytes"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (16 * 1024 * 1024, "16.0 MiB"),
            (i64::MAX, "8589934591.9 GiB"),
        ] {
            assert_eq!(size(bytes), said);
        }
    }
}

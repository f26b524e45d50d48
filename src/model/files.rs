//! Files: what messages, photos and pictures refer to, and how they come here.

use std::ops::Range;

use super::{FileId, RoomId, Timestamp, UserId, limits};

/// A file as it is shown. It never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub id: FileId,
    pub uploader: UserId,
    pub name: String,
    pub content_type: String,
    pub bytes: i64,
    pub image: Option<ImageInfo>,
    pub created_at: Timestamp,
}

/// An image that can be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageInfo {
    pub width: i32,
    pub height: i32,
    /// The media type of its thumbnails.
    pub thumbnail_type: String,
}

/// What a file is there for, which says who may see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Uploaded, perhaps for messages.
    Upload,
    /// Shows its uploader.
    Photo,
    /// Shows a room.
    Picture(RoomId),
}

impl Purpose {
    /// The name of a file that is made for this. Everybody may see it: the name
    /// under which the image was uploaded could say more than its owner means to.
    #[must_use]
    pub fn file_name(self, uploaded: &str, content_type: &str) -> String {
        let stem = match self {
            Self::Upload => return image_name(uploaded, content_type),
            Self::Photo => "photo",
            Self::Picture(_) => "picture",
        };
        let ending = if content_type == "image/png" { "png" } else { "jpg" };
        format!("{stem}.{ending}")
    }
}

/// Extensions of each kind of image that is kept; the first is the usual one.
const EXTENSIONS: [(&str, &[&str]); 3] = [
    ("image/png", &["png", "apng"]),
    ("image/jpeg", &["jpg", "jpeg", "jpe", "jfif", "pjpeg", "pjp"]),
    ("image/gif", &["gif"]),
];
/// Extensions of images that are not kept as they came, or are something else.
const OTHER_EXTENSIONS: [&str; 10] =
    ["webp", "bmp", "tif", "tiff", "heic", "heif", "avif", "jxl", "ico", "svg"];
/// Of an image whose name is nothing but an extension.
const NAMELESS: &str = "image";

/// The name of an image, which always ends with an extension that fits it. Those of other
/// kinds of images are replaced; whatever else a name ends with stays before it.
#[must_use]
pub fn image_name(name: &str, content_type: &str) -> String {
    let Some((_, fitting)) = EXTENSIONS.iter().find(|(of, _)| *of == content_type) else {
        return name.to_owned();
    };
    let mut stem = without_end(name);
    while let Some((before, extension)) = split_image_extension(stem) {
        if fitting.contains(&extension.as_str()) && !before.is_empty() {
            return stem.to_owned();
        }
        stem = without_end(before);
    }
    let stem = if stem.is_empty() { NAMELESS } else { stem };
    let max_chars = limits::FILE_NAME_CHARS - fitting[0].len() - 1;
    let stem: String = stem.chars().take(max_chars).collect();
    format!("{stem}.{}", fitting[0])
}

/// Without what hides an extension: dots, spaces and the mark of a backup after it.
fn without_end(name: &str) -> &str {
    name.trim_end_matches(|c: char| matches!(c, '.' | '~') || c.is_whitespace())
}

/// The extension is in lower case.
fn split_image_extension(name: &str) -> Option<(&str, String)> {
    let (before, extension) = name.rsplit_once('.')?;
    let extension = extension.to_ascii_lowercase();
    let is_known = OTHER_EXTENSIONS.contains(&extension.as_str())
        || EXTENSIONS.iter().any(|(_, extensions)| extensions.contains(&extension.as_str()));
    is_known.then_some((before, extension))
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    pub file: File,
    pub purpose: Purpose,
}

impl StoredFile {
    /// The media type of a variant, and which of the stored ones it is; `None`
    /// if there is none.
    #[must_use]
    pub fn variant(&self, variant: Variant) -> Option<(&str, Variant)> {
        let original = (self.file.content_type.as_str(), Variant::Original);
        let thumbnail = self.file.image.as_ref().map(|image| image.thumbnail_type.as_str());
        match (variant, self.purpose) {
            // Photos and pictures are stored in two sizes only.
            (Variant::Original, _) | (Variant::Large, Purpose::Photo | Purpose::Picture(_)) => {
                Some(original)
            }
            (Variant::Small | Variant::Large, _) => thumbnail.map(|of| (of, variant)),
        }
    }
}

/// What becomes of the image that shows a user or a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewImage {
    Of(FileId),
    Removed,
}

impl NewImage {
    #[must_use]
    pub fn file(self) -> Option<FileId> {
        match self {
            Self::Of(file) => Some(file),
            Self::Removed => None,
        }
    }
}

/// Which form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Variant {
    Original,
    Small,
    Large,
}

impl Variant {
    pub const ALL: [Self; 3] = [Self::Original, Self::Small, Self::Large];

    /// As the storage and links name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Small => "small",
            Self::Large => "large",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|variant| variant.name() == name)
    }
}

/// An upload that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The file will have the same.
    pub id: FileId,
    pub user: UserId,
    pub name: String,
    pub bytes: i64,
    /// How many have been stored.
    pub received: i64,
    /// When something was done with it last, by the steady clock.
    pub touched_at: Timestamp,
}

/// The next bytes of an upload, valid in themselves.
pub struct Chunk {
    pub upload: FileId,
    pub offset: i64,
    pub data: bytes::Bytes,
}

/// Which part of which file.
pub struct DownloadQuery {
    pub file: FileId,
    pub variant: Variant,
    pub offset: i64,
    /// 0: all that follow.
    pub length: i64,
}

/// Where a file can be downloaded by HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub file: FileId,
    pub token: String,
    pub expires_at: Timestamp,
}

/// Media that a browser may show in place: they run no scripts.
const SHOWN: [&str; 13] = [
    "image/png",
    "image/jpeg",
    "image/gif",
    "audio/aac",
    "audio/flac",
    "audio/mp4",
    "audio/mpeg",
    "audio/ogg",
    "audio/wav",
    "video/mp4",
    "video/ogg",
    "video/quicktime",
    "video/webm",
];

/// Whether a browser may show this in place; all else is only saved.
#[must_use]
pub fn is_shown(content_type: &str) -> bool {
    SHOWN.contains(&content_type)
}

/// A name to save a file under: not a path.
pub fn check_name(name: &str) -> Result<String, crate::error::Rule> {
    let name = super::text::check_name(name, limits::FILE_NAME_CHARS)?;
    if name.contains(['/', '\\']) || name == "." || name == ".." {
        return Err("must be a name without `/` and `\\`, and not `.` or `..`".into());
    }
    Ok(name)
}

/// What a Range header asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Nothing, or something that is not understood or more than one part:
    /// HTTP lets these be answered with the whole.
    Whole,
    Part(Range<u64>),
    /// Nothing of it is in the file.
    Beyond,
}

/// Reads a Range header for something of so many bytes.
#[must_use]
pub fn asked_range(header: Option<&str>, size: u64) -> Asked {
    let Some((first, last)) = header
        .and_then(|header| header.trim().strip_prefix("bytes="))
        .filter(|list| !list.contains(','))
        .and_then(|range| range.split_once('-'))
    else {
        return Asked::Whole;
    };
    let number = |text: &str| -> Option<u64> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // More digits than fit are beyond any file.
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    match (number(first.trim()), number(last.trim())) {
        (None, Some(count)) if first.trim().is_empty() => match count.min(size) {
            0 => Asked::Beyond,
            count => Asked::Part(size - count..size),
        },
        (Some(first), Some(last)) if last < first => Asked::Whole,
        (Some(first), _) if first >= size => Asked::Beyond,
        (Some(first), Some(last)) => Asked::Part(first..last.saturating_add(1).min(size)),
        (Some(first), None) if last.trim().is_empty() => Asked::Part(first..size),
        _ => Asked::Whole,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_are_read_as_http_says() {
        for (header, asked) in [
            ("bytes=0-0", Asked::Part(0..1)),
            ("bytes=2-4", Asked::Part(2..5)),
            ("bytes=2-", Asked::Part(2..10)),
            ("bytes=2-99", Asked::Part(2..10)),
            ("bytes=-3", Asked::Part(7..10)),
            ("bytes=-99", Asked::Part(0..10)),
            ("bytes=2-99999999999999999999999", Asked::Part(2..10)),
            ("bytes=10-", Asked::Beyond),
            ("bytes=99999999999999999999999-", Asked::Beyond),
            ("bytes=-0", Asked::Beyond),
            ("bytes=4-2", Asked::Whole),
            ("bytes=0-1,3-4", Asked::Whole),
            ("bytes=-", Asked::Whole),
            ("bytes=a-b", Asked::Whole),
            ("bytes=+1-2", Asked::Whole),
            ("lines=0-1", Asked::Whole),
            ("", Asked::Whole),
        ] {
            assert_eq!(asked_range(Some(header), 10), asked, "{header}");
        }
        assert_eq!(asked_range(None, 10), Asked::Whole);
    }

    proptest! {
        #[test]
        fn a_part_is_never_empty_and_within_the_file(header in "bytes=[0-9]{0,3}-[0-9]{0,3}", size in 0u64..300) {
            if let Asked::Part(part) = asked_range(Some(&header), size) {
                prop_assert!(part.start < part.end && part.end <= size, "{header} of {size}: {part:?}");
            }
        }
    }

    #[test]
    fn names_are_no_paths() {
        assert_eq!(check_name(" holiday 2026.png "), Ok("holiday 2026.png".into()));
        for bad in
            ["", "a/b", "/etc/passwd", "..", ".", "..\\x", "C:\\x", "a\nb", "a\u{202e}gnp.exe"]
        {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
        assert!(check_name(&"x".repeat(256)).is_err());
    }

    #[test]
    fn a_photo_or_picture_is_named_by_what_it_is() {
        let room = Purpose::Picture(RoomId::new());
        assert_eq!(Purpose::Photo.file_name("Ada Byron.webp", "image/jpeg"), "photo.jpg");
        assert_eq!(room.file_name("home.gif", "image/png"), "picture.png");
        assert_eq!(Purpose::Upload.file_name("home.gif", "image/gif"), "home.gif");
    }

    #[test]
    fn the_extension_of_an_image_says_what_it_is() {
        for (name, content_type, becomes) in [
            ("a.webp", "image/gif", "a.gif"),
            ("a.WebP", "image/jpeg", "a.jpg"),
            ("a.b.webp", "image/png", "a.b.png"),
            ("a.png", "image/jpeg", "a.jpg"),
            ("a.JPEG", "image/jpeg", "a.JPEG"),
            ("a.jfif", "image/jpeg", "a.jfif"),
            ("a.apng", "image/png", "a.apng"),
            ("a.txt", "image/png", "a.txt.png"),
            ("holiday.2019", "image/jpeg", "holiday.2019.jpg"),
            ("at 10.30.15 in the morning", "image/png", "at 10.30.15 in the morning.png"),
            ("photo", "image/png", "photo.png"),
            (".webp", "image/png", "image.png"),
            (".webp.", "image/jpeg", "image.jpg"),
            (".gif", "image/gif", "image.gif"),
            (".GIF.webp", "image/gif", "image.gif"),
            (".hidden", "image/gif", ".hidden.gif"),
            (".", "image/png", "image.png"),
            ("...", "image/png", "image.png"),
            ("~", "image/png", "image.png"),
            ("webp", "image/png", "webp.png"),
            ("a.", "image/png", "a.png"),
            ("a.webp.", "image/gif", "a.gif"),
            ("a.webp . .", "image/gif", "a.gif"),
            ("a.webp~", "image/jpeg", "a.jpg"),
            ("a.png.", "image/png", "a.png"),
            ("a.png~", "image/png", "a.png"),
            ("a.png.webp", "image/png", "a.png"),
            ("a.webp.webp", "image/png", "a.png"),
            ("a.jpg.webp", "image/gif", "a.gif"),
            ("a.webp\u{301}", "image/gif", "a.webp\u{301}.gif"),
            ("a.web p", "image/gif", "a.web p.gif"),
            ("a.webp", "text/plain", "a.webp"),
        ] {
            assert_eq!(image_name(name, content_type), becomes);
        }
        let long = format!("{}.txt", "\u{e4}".repeat(limits::FILE_NAME_CHARS - 4));
        let name = image_name(&long, "image/png");
        assert_eq!(name.chars().count(), limits::FILE_NAME_CHARS);
        assert!(name.ends_with("\u{e4}.png"), "{name}");
    }

    #[test]
    fn only_media_without_scripts_are_shown() {
        for never in ["text/html", "image/svg+xml", "application/pdf", "text/plain", "text/xml"] {
            assert!(!is_shown(never));
        }
    }
}

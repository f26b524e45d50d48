//! Every limit of the API, in one place; the protos document them.

use std::time::Duration;

pub const USERNAME_CHARS: std::ops::RangeInclusive<usize> = 3..=32;
pub const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 8..=256;
pub const DISPLAY_NAME_CHARS: usize = 64;
pub const BIO_CHARS: usize = 500;
pub const STATUS_TEXT_CHARS: usize = 100;
pub const EMAIL_BYTES: usize = 254;
/// Of what may be the token of a recovery link.
pub const RECOVERY_TOKEN_BYTES: usize = 128;
pub const DEVICE_CHARS: usize = 100;
pub const QUERY_CHARS: usize = 64;
/// The text of a search in messages.
pub const SEARCH_CHARS: usize = 256;
/// Names in one filter of a search.
pub const SEARCH_NAMES: usize = 10;
/// Of a word, this much is in the index.
pub const TERM_BYTES: usize = 48;
/// Of a message, so many terms are.
pub const TERMS: usize = 2_000;

pub const ROOM_NAME_CHARS: usize = 64;
/// Users that may be added to a room at once.
pub const ADD_MEMBERS: usize = 50;
/// Invites of a room that are good.
pub const INVITES: usize = 100;
pub const INVITE_USES: i32 = 10_000;
pub const MUTE_FOR: Duration = Duration::from_hours(24 * 366);
pub const TOPIC_CHARS: usize = 250;
pub const MESSAGE_CHARS: usize = 4_000;
pub const MESSAGE_BYTES: usize = 16 * 1024;
/// Different emojis under one message.
pub const REACTIONS: usize = 20;
/// Users that a reaction names.
pub const REACTION_USERS: usize = 3;
/// Members that a message may mention, and names in it that may be theirs.
pub const MENTIONS: usize = 50;
/// Of the names in a text, with and without a punctuation mark at their end,
/// so many are looked up.
pub const NAMES_LOOKED_UP: usize = 250;
/// Threads that a call looks at, to list those that a user follows.
pub const LISTED_THREADS: usize = 1_000;
/// Answers in a thread are counted up to here.
pub const THREAD_COUNT: i64 = 999;
/// Receipts of a message are counted up to here.
pub const RECEIPT_COUNT: i64 = 999;
pub const PINS: i64 = 100;
pub const VERSIONS: usize = 100;
/// Files that go with a message.
pub const ATTACHMENTS: usize = 10;
/// What one of them adds to a message at most, about.
pub const ATTACHMENT_BYTES: usize = 1_024;
pub const CLIENT_MESSAGE_ID_CHARS: usize = 64;
pub const IDEMPOTENCY_KEY_CHARS: usize = 64;
pub const REQUEST_ID_CHARS: usize = 64;

pub const PAGE_SIZE: u32 = 200;
pub const DEFAULT_PAGE_SIZE: u32 = 50;
pub const BATCH_USERS: usize = 200;
pub const WATCHED_ROOMS: usize = 20;
/// Positions that one stream may begin with; others are as if they were not said.
pub const POSITIONS: usize = 200_000;
/// Ids that no room can have, of one stream: they are told to be gone.
pub const UNKNOWN_IDS: usize = 1_000;
/// What is longer is no id.
pub const ID_BYTES: usize = 64;
/// Rooms with more members than this tell no live presence.
pub const PRESENCE_MEMBERS: i64 = 200;
/// Unread messages are counted up to here.
pub const UNREAD_COUNT: i64 = 999;
/// What a summary counts and looks for lies within so many positions of the
/// room's head, so that its cost does not grow with what nobody counts.
pub const SUMMARY_POSITIONS: i64 = 10_000;
/// A page of messages is cut when their texts and attachments have grown this
/// long.
pub const PAGE_BYTES: usize = 512 * 1024;

pub const FILE_NAME_CHARS: usize = 255;
/// Bytes in one chunk of an upload; at least so many except at the end, so that
/// an upload has no more objects than it needs.
pub const CHUNK_BYTES: std::ops::RangeInclusive<usize> = 64 * 1024..=512 * 1024;
/// Uploads that a user may have under way.
pub const UPLOADS: i64 = 20;
pub const LINKS: usize = 100;

pub const COMMANDS_IN_FLIGHT: usize = 32;
pub const GRPC_MESSAGE_BYTES: usize = 1024 * 1024;
/// The same for `AuthService`, which answers before anyone has signed in.
pub const AUTH_MESSAGE_BYTES: usize = 64 * 1024;
/// All headers of a call together, counted as HTTP/2 does: names, values, and 32
/// bytes for each.
pub const HEADER_BYTES: usize = 16 * 1024;
/// How long a Chat stream may take to send its `subscribe`.
pub const SUBSCRIBE_WITHIN: Duration = Duration::from_secs(10);
/// The last one, if positions follow in others.
pub const SUBSCRIBE_ALL_WITHIN: Duration = Duration::from_mins(1);
/// How often those who watch a room of more than `PRESENCE_MEMBERS` are told whether
/// somebody types.
pub const SEVERAL_TYPING_EVERY: Duration = Duration::from_secs(2);
/// How long changes of a user's profile are merged before others are told.
pub const USER_CHANGES_MERGED_FOR: Duration = Duration::from_secs(1);
/// Changed users that a stream is told of within a second.
pub const USER_CHANGES_PER_SECOND: usize = 50;
/// Changed users that wait for a stream. It shows no more: 20 rooms of 200 members.
/// What comes beyond is noticed by `User.version`.
pub const USER_CHANGES_WAITING: usize = 4_000;
pub const TYPING_LAPSES_AFTER: Duration = Duration::from_secs(5);
/// A stream is told this long before its token expires.
pub const TOKEN_EXPIRING_BEFORE: Duration = Duration::from_mins(1);

//! The rules: who may do what, and what follows from it. No tonic, no SQL.

pub mod accounts;
pub mod admin;
pub(crate) mod catch_ups;
pub mod file_gc;
pub mod files;
pub mod folding;
mod idempotency;
pub mod indexer;
pub mod invites;
pub mod marks;
pub mod messages;
mod pending_marks;
pub mod presence;
pub mod rooms;
pub mod search;
pub mod sessions;
mod sign_in;
pub mod upload_locks;
pub mod uploads;
pub mod users;

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::{
    auth::{Auth, rate_limit::RateLimiter},
    clock::{Clock, SteadyClock},
    config::Config,
    error::{Error, Result},
    fanout::{
        hub::Hub,
        presence::PresenceRegistry,
        typing::{Typing, Typist},
        users::UserUpdates,
    },
    files::BlobStore,
    model::{
        Change, Content, MemberState, Room, RoomId, Timestamp, UserId, VisibleRange,
        resume::StateToken,
        rooms::{Access, Right},
    },
    store::{
        Store,
        writer::{Committed, OnCommit, Writer},
    },
};

/// Everything that a call or a stream works with. One for each server, shared
/// by all of them.
pub struct Services {
    pub(crate) config: Config,
    /// The time of day.
    pub(crate) clock: Clock,
    /// What tells the age of what is removed once it is old.
    pub(crate) steady: SteadyClock,
    pub(crate) store: Store,
    /// Every change of a room goes through here.
    pub(crate) writer: Writer,
    pub(crate) auth: Arc<Auth>,
    pub(crate) files: BlobStore,
    /// Whose turn it is with which upload.
    pub(crate) upload_locks: upload_locks::UploadLocks,
    pub(crate) hub: Arc<Hub>,
    pub(crate) presence: PresenceRegistry,
    /// Whose turn it is to choose how they are seen.
    pub(crate) presence_lock: tokio::sync::Mutex<()>,
    /// Whose turn it is to make a block or take one away.
    pub(crate) block_lock: tokio::sync::Mutex<()>,
    pub(crate) typing: Arc<Typing>,
    /// Whose profile has changed, until others are told.
    pub(crate) user_updates: UserUpdates,
    pub(crate) pending_marks: Arc<pending_marks::PendingMarks>,
    /// Whose turn it is to catch up.
    pub(crate) catch_ups: catch_ups::CatchUps,
    /// Rooms that the search index has to look at.
    pub(crate) index_queue: Arc<indexer::IndexQueue>,
    /// One permit for each stream that may be open.
    pub(crate) streams: Arc<Semaphore>,
    /// Calls that are being carried out, also those whose clients are gone.
    pub(crate) running: TaskTracker,
    /// One permit for each search under way: together they must not take the
    /// database's connections from everything else.
    pub(crate) searches: Semaphore,
    /// How fast each user makes calls of any kind.
    pub(crate) calls: RateLimiter<UserId>,
    /// How fast each user posts.
    pub(crate) posting: RateLimiter<UserId>,
    /// Names the data; see `Ready.epoch`.
    pub(crate) epoch: Uuid,
    /// Since when it is known when marks and settings changed.
    pub(crate) states_from: Timestamp,
    /// Names this process among the nodes.
    pub(crate) node: Uuid,
}

impl Services {
    /// Puts it together over a database whose schema is up to date.
    pub async fn new(
        config: Config,
        store: Store,
        auth: Auth,
        files: BlobStore,
        hub: Hub,
    ) -> Result<Arc<Self>> {
        let hub = Arc::new(hub);
        let typing = Arc::new(Typing::default());
        let index_queue = Arc::new(indexer::IndexQueue::default());
        let on_commit: OnCommit = {
            let (hub, typing, index_queue) = (hub.clone(), typing.clone(), index_queue.clone());
            let index = config.search.index;
            Arc::new(move |committed| {
                if index {
                    let rooms = committed.rooms.iter().map(|commit| commit.room);
                    index_queue.add(rooms.chain(committed.moved.iter().map(|(room, _)| *room)));
                }
                publish_commit(&hub, &typing, committed);
            })
        };
        let clock = config.clock.clone();
        Ok(Arc::new(Self {
            steady: auth.steady,
            clock,
            writer: Writer::start(&store, config.store.lanes, &on_commit)?,
            states_from: Box::pin(store.note_changes_by(auth.steady)).await?,
            epoch: store.epoch().await?,
            node: Uuid::now_v7(),
            streams: Arc::new(Semaphore::new(config.server.max_streams)),
            running: TaskTracker::new(),
            searches: Semaphore::new((config.store.connections / 4).max(1) as usize),
            calls: RateLimiter::per_second(config.chat.calls_per_second, config.chat.calls_burst),
            posting: RateLimiter::per_second(
                config.chat.messages_per_second,
                config.chat.messages_burst,
            ),
            presence: PresenceRegistry::default(),
            presence_lock: tokio::sync::Mutex::default(),
            block_lock: tokio::sync::Mutex::default(),
            auth: Arc::new(auth),
            files,
            upload_locks: upload_locks::UploadLocks::default(),
            typing,
            user_updates: UserUpdates::default(),
            pending_marks: pending_marks::PendingMarks::new(store.clone(), hub.clone()),
            catch_ups: catch_ups::CatchUps::new(
                store.clone(),
                (config.store.connections / 2).max(1) as usize,
            ),
            index_queue,
            hub,
            store,
            config,
        }))
    }

    /// What a client got with an earlier stream, if it means something now.
    pub(crate) fn known_token(&self, user: UserId, token: &[u8]) -> Option<StateToken> {
        let means_something = |token: &StateToken| {
            (token.epoch, token.user) == (self.epoch, user)
                && token.read_at >= self.states_from
                && token.read_at <= self.steady.now()
        };
        StateToken::decode(token).filter(means_something)
    }

    /// What a user may do in a room and see of it. Who may not know of
    /// the room gets the same answer as if there were none.
    pub(crate) async fn access(
        &self,
        room: RoomId,
        user: UserId,
    ) -> Result<(Access, VisibleRange)> {
        self.store.access(room, user).await?.ok_or(Error::RoomNotFound)
    }

    /// What a user may see of a room that they take part in.
    pub(crate) async fn view_for(&self, room: RoomId, user: UserId) -> Result<VisibleRange> {
        self.view_with(room, user, Right::Read).await
    }

    /// What a user may see of a room in which they may do this.
    pub(crate) async fn view_with(
        &self,
        room: RoomId,
        user: UserId,
        right: Right,
    ) -> Result<VisibleRange> {
        let (mut access, view) = self.access(room, user).await?;
        if right.least_staff().is_some() {
            access.staff = self.store.account_role(user).await?;
        }
        access.may(right)?;
        Ok(view)
    }
}

/// Who does not type any more by a change: who has sent the message, has left, or
/// may not post.
fn falls_silent(change: &Change, now: Timestamp) -> Option<UserId> {
    if let Some(member) = &change.member {
        let muted = member.muted_until.is_some_and(|until| until > now);
        let may_type = member.state == MemberState::Joined && !muted;
        return (!may_type).then_some(member.user.id);
    }
    let message = change.message.as_ref().filter(|message| message.seq == change.seq)?;
    matches!(message.content, Content::Text { .. }).then_some(message.sender)
}

/// Tells this node's sessions what a commit changed.
fn publish_commit(hub: &Hub, typing: &Typing, committed: Committed) {
    let Committed { moved, rooms, marks } = committed;
    for (room, seq) in moved {
        hub.advanced(room, seq);
    }
    for commit in rooms {
        let room = commit.room;
        let now = Timestamp::now();
        let quiet: Vec<UserId> =
            commit.changes.iter().filter_map(|change| falls_silent(change, now)).collect();
        let archived = |settings: &Room| settings.archived_at.is_some();
        let mut settings = commit.changes.iter().filter_map(|change| change.settings.as_ref());
        let archives = settings.next_back().is_some_and(archived);
        hub.dispatch(commit);
        let mut ended: Vec<Typist> =
            quiet.into_iter().filter_map(|user| typing.stop(room, user)).collect();
        if archives {
            ended.extend(typing.stop_all(room));
        }
        for typist in ended {
            hub.typing(&typist, false);
        }
    }
    for moved in marks {
        hub.marks(moved);
    }
}

//! What a reset leaves out.

use crate::{Client, Error, cursor::Position, v1};

const PAGE: i32 = 200;

impl Client {
    /// All that changed in a room after a position up to another, in order: what lies
    /// between the position that was known and an [`Update::Reset`](crate::Update::Reset),
    /// whose `head_seq` is `up_to`. `None` if the position is not of the room's log.
    pub async fn fill_gap(
        &self,
        room_id: &str,
        from: &Position,
        up_to: i64,
    ) -> Result<Option<Vec<v1::RoomChange>>, Error> {
        let mut changes = Vec::new();
        let mut after_seq = from.seq;
        while after_seq < up_to {
            let request = v1::SyncRoomRequest {
                room_id: room_id.to_owned(),
                after_seq,
                page_size: PAGE,
                log_id: from.log_id.clone(),
            };
            let page = self.sync_room(request).await?;
            if page.reset.is_some() {
                return Ok(None);
            }
            changes.extend(page.changes);
            if page.synced_seq <= after_seq {
                break;
            }
            after_seq = page.synced_seq;
        }
        Ok(Some(changes))
    }
}

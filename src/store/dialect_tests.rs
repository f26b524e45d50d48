//! Tests of `dialect.rs`.

use super::*;

#[test]
fn batches_have_few_sizes_and_cover_all() {
    let rows: Vec<u32> = (0..1_000).collect();
    let split: Vec<_> = batches(&rows, 256).map(<[u32]>::len).collect();
    assert_eq!(split, [256, 256, 256, 128, 64, 32, 8]);
    assert_eq!(batches(&rows[..31], 256).count(), 1);
    assert_eq!(batches::<u32>(&[], 256).count(), 0);
}

/// What was acknowledged survives a power cut, and what was deleted is gone:
/// both hang on a setting of each connection, also of one that replaces another.
#[tokio::test]
async fn sqlite_connections_are_durable_and_delete_securely() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite:{}", folder.path().join("chat.db").display());
    let pools = Pools::connect(&url, 3, &Arc::default()).expect("pools");
    let Pools::Sqlite { read, write, .. } = &pools else { panic!("SQLite") };
    for round in 0..2 {
        let mut connections = vec![write.acquire().await.expect("the writer")];
        for _ in 0..3 {
            connections.push(read.acquire().await.expect("a reader"));
        }
        for connection in &mut connections {
            // 2 is FULL: each commit is on the disk before it is acknowledged.
            for (pragma, wanted) in
                [("pragma synchronous", 2), ("pragma secure_delete", 1), ("pragma foreign_keys", 1)]
            {
                let set = sqlx::query_scalar::<_, i64>(pragma).fetch_one(&mut **connection);
                assert_eq!(set.await.expect("a setting"), wanted, "{pragma}, round {round}");
            }
            // Rolled back without sqlx, as SQLite does it on its own.
            let mut tx = connection.begin().await.expect("begun");
            tx.execute("rollback").await.expect("rolled back");
        }
    }
}

#[test]
fn lists_are_filled_with_their_last() {
    assert_eq!(pad_to_power_of_two(vec![1, 2, 3, 4, 5]), [1, 2, 3, 4, 5, 5, 5, 5]);
    assert_eq!(pad_to_power_of_two(Vec::<i32>::new()), Vec::<i32>::new());
}

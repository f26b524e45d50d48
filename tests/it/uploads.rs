//! Uploads: in pieces, cut off, wrong in every way, too many, too much.

use std::time::Duration;

use causerie_client::{Client, Error, v1};
use tonic::Code;

use crate::support::{
    Person, Process, Server,
    files::{bytes, count, growing_gif, png, sha256, stored},
    on_both_databases,
    people::reason,
    proxy::Proxy,
    within,
};

const KIB: usize = 1024;

fn precondition(reason: &str) -> (Code, String) {
    (Code::FailedPrecondition, reason.into())
}

fn exhausted(reason: &str) -> (Code, String) {
    (Code::ResourceExhausted, reason.into())
}

fn fields<T: std::fmt::Debug>(answer: Result<T, Error>) -> Vec<String> {
    answer.expect_err("invalid").violations.into_iter().map(|(field, _)| field).collect()
}

fn no_upload() -> (Code, String) {
    (Code::NotFound, "UPLOAD_NOT_FOUND".into())
}

on_both_databases! {
    async fn an_upload_that_is_cut_goes_on_where_it_was(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let data = bytes(2, 1_500 * KIB);
        let upload = ada.start("long.bin", data.len()).await.expect("an upload");
        let proxy = Proxy::to(&server.url).await;
        let far = ada.sign_in_again(&proxy.url).await;
        far.chunk(&upload.id, 0, &data[..512 * KIB]).await.expect("stored");
        // The connection breaks at some byte of a chunk, again and again.
        for after_us in [0, 300, 900, 2_700] {
            let at = usize::try_from(ada.status(&upload.id).await.expect("there").received_bytes);
            let at = at.expect("a size");
            let next = far.chunk(&upload.id, at, &data[at..(at + 200 * KIB).min(data.len())]);
            tokio::select! {
                _ = next => {}
                () = tokio::time::sleep(Duration::from_micros(after_us)) => {}
            }
            proxy.cut();
        }
        let status = ada.status(&upload.id).await.expect("it is still there");
        assert!(status.received_bytes >= 512 * 1024);
        let file = ada.client.resume_upload(status, &data).await.expect("finished");
        assert_eq!(file.id, upload.id);
        assert!(ada.download(&file.id, v1::FileVariant::Unspecified).await.expect("bytes") == data);
        assert_eq!(stored(&server, "uploads"), 0, "no piece is left");
        assert_eq!(reason(ada.status(&upload.id).await), no_upload());
        assert_eq!(ada.finish(&upload.id, sha256(&data)).await.expect("again"), file);
        server.end().await;
    }

    async fn bytes_at_a_wrong_offset_are_not_added(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let data = bytes(3, 300 * KIB);
        let id = ada.start("a.bin", data.len()).await.expect("an upload").id;
        let wrong = precondition("UPLOAD_OFFSET");
        assert_eq!(reason(ada.chunk(&id, 100 * KIB, &data[100 * KIB..]).await), wrong);
        ada.chunk(&id, 0, &data[..100 * KIB]).await.expect("stored");
        assert_eq!(reason(ada.chunk(&id, 0, &data[..100 * KIB]).await), wrong, "again");
        assert_eq!(reason(ada.chunk(&id, 100 * KIB + 1, &data[..64 * KIB]).await), wrong);
        assert_eq!(ada.status(&id).await.expect("there").received_bytes, 100 * 1024);
        // Of the same chunk sent ten times at once one counts.
        let next = || ada.chunk(&id, 100 * KIB, &data[100 * KIB..200 * KIB]);
        let all = futures::future::join_all((0..10).map(|_| next())).await;
        assert_eq!(all.iter().filter(|answer| answer.is_ok()).count(), 1);
        assert!(all.into_iter().filter_map(Result::err).all(|error| error.reason == "UPLOAD_OFFSET"));

        assert_eq!(fields(ada.chunk(&id, 200 * KIB, &data[..101 * KIB]).await), ["data"], "beyond the size");
        assert_eq!(fields(ada.chunk(&id, 200 * KIB, &data[..63 * KIB]).await), ["data"], "too small");
        assert_eq!(fields(ada.chunk(&id, 200 * KIB, &[]).await), ["data"]);
        assert_eq!(fields(ada.chunk(&id, 200 * KIB, &bytes(1, 513 * KIB)).await), ["data"]);
        assert_eq!(fields(ada.chunk("x", 0, &[]).await), ["upload_id", "data"]);
        let negative = v1::UploadChunkRequest { upload_id: id.clone(), offset: -1, data: vec![1] };
        assert_eq!(fields(ada.client.upload_chunk(negative).await), ["offset"]);
        assert_eq!(fields(ada.finish(&id, vec![1; 31]).await), ["sha256"]);
        assert_eq!(reason(ada.finish(&id, sha256(&data)).await), precondition("UPLOAD_INCOMPLETE"));
        // It is nobody else's.
        assert_eq!(reason(bob.chunk(&id, 200 * KIB, &data[200 * KIB..]).await), no_upload());
        assert_eq!(reason(bob.status(&id).await), no_upload());
        assert_eq!(reason(bob.finish(&id, sha256(&data)).await), no_upload());
        bob.cancel(&id).await;
        ada.chunk(&id, 200 * KIB, &data[200 * KIB..]).await.expect("the rest");
        let file = ada.finish(&id, sha256(&data)).await.expect("finished");
        assert!(ada.download(&file.id, v1::FileVariant::Unspecified).await.expect("bytes") == data);
        server.end().await;
    }

    async fn what_is_refused_leaves_nothing_behind(database: Database) {
        let server = Server::start_with(database, |config| config.files.max_bytes = 1_000_000).await;
        let ada = Person::register(&server.url, "ada").await;
        let upload = async |name: &str, data: &[u8]| {
            let id = ada.start(name, data.len()).await.expect("an upload").id;
            for (at, chunk) in data.chunks(256 * KIB).enumerate() {
                ada.chunk(&id, at * 256 * KIB, chunk).await.expect("stored");
            }
            id
        };
        let gone = async |id: &str| {
            assert_eq!(stored(&server, ""), 0);
            assert_eq!(reason(ada.status(id).await), no_upload());
            assert_eq!(reason(ada.get_file(id).await), (Code::NotFound, "FILE_NOT_FOUND".into()));
        };
        for data in [bytes(4, 300 * KIB), png(64, 64)] {
            let id = upload("a", &data).await;
            assert_eq!(reason(ada.finish(&id, vec![0; 32]).await), precondition("CHECKSUM_MISMATCH"));
            gone(&id).await;
        }
        // A header that promises 50,000 by 50,000 pixels.
        let bomb = bomb();
        let id = upload("bomb.png", &bomb).await;
        assert_eq!(reason(ada.finish(&id, sha256(&bomb)).await), precondition("IMAGE_TOO_LARGE"));
        gone(&id).await;
        // An animation of some kilobytes that would be kept in two megabytes.
        let growing = growing_gif(200, 60);
        let id = upload("growing.gif", &growing).await;
        assert_eq!(reason(ada.finish(&id, sha256(&growing)).await), precondition("IMAGE_TOO_LARGE"));
        gone(&id).await;
        let half = png(300, 300);
        let half = &half[..half.len() / 2];
        let id = upload("half.png", half).await;
        assert_eq!(reason(ada.finish(&id, sha256(half)).await), precondition("IMAGE_INVALID"));
        gone(&id).await;

        let error = ada.start("large", 1_000_001).await.expect_err("too large");
        assert_eq!((error.code, error.reason.as_str()), (Code::FailedPrecondition, "FILE_TOO_LARGE"));
        assert!(error.message.contains("1000000 bytes"), "{}", error.message);
        for name in ["../../etc/passwd", "/etc/passwd", "..", "C:\\x", "a\nb", "", "a\u{202e}gnp"] {
            assert_eq!(fields(ada.start(name, 0).await), ["name", "size_bytes"], "{name:?}");
        }
        // Given up.
        let id = upload("a", &bytes(5, 100 * KIB)).await;
        ada.cancel(&id).await;
        ada.cancel(&id).await;
        gone(&id).await;
        server.end().await;
    }

    async fn of_what_is_given_up_meanwhile_nothing_is_left(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let (image, data) = (png(200, 200), bytes(4, 128 * KIB));
        let folder = server.config.server.data.join("files");
        let mut made = 0;
        for _ in 0..20 {
            let id = ada.start("a.png", image.len()).await.expect("an upload").id;
            ada.chunk(&id, 0, &image).await.expect("stored");
            let (finished, ()) = tokio::join!(ada.finish(&id, sha256(&image)), ada.cancel(&id));
            match finished {
                Ok(_) => made += 3,
                Err(error) => assert_eq!((error.code, error.reason), no_upload()),
            }
            assert!(!folder.join("uploads").join(&id).exists());
            let id = ada.start("b.bin", data.len()).await.expect("an upload").id;
            let chunk = || ada.chunk(&id, 0, &data);
            let (one, other, ()) = tokio::join!(chunk(), chunk(), ada.cancel(&id));
            for error in [one, other].into_iter().filter_map(Result::err) {
                let late = (error.code, error.reason);
                assert!([no_upload(), precondition("UPLOAD_OFFSET")].contains(&late), "{late:?}");
            }
            assert!(!folder.join("uploads").join(&id).exists());
        }
        assert_eq!(stored(&server, ""), made, "what was finished first");
        server.end().await;
    }

    async fn ten_uploads_run_side_by_side(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let files: Vec<Vec<u8>> = (0..10).map(|n| bytes(n, 700 * KIB)).collect();
        let all = files.iter().map(|data| ada.client.upload("one of ten", data));
        let done = futures::future::join_all(all).await;
        for (data, file) in files.iter().zip(done) {
            let id = file.expect("uploaded").id;
            assert!(ada.download(&id, v1::FileVariant::Unspecified).await.expect("bytes") == *data);
        }
        assert_eq!((stored(&server, "uploads"), stored(&server, "files")), (0, 10));
        server.end().await;
    }

    async fn a_user_has_so_much_and_no_more(database: Database) {
        let server = Server::start_with(database, |config| config.files.quota_bytes = 1_000_000).await;
        let ada = Person::register(&server.url, "ada").await;
        let full = exhausted("QUOTA_REACHED");
        // It fits as it was announced, but not as it is kept.
        let refused = ada.client.upload("a.gif", &growing_gif(200, 60)).await;
        assert_eq!(reason(refused.map_err(|failed| failed.error)), full);
        assert_eq!(stored(&server, ""), 0);
        ada.upload("a", &bytes(6, 400_000)).await;
        let open = ada.start("b", 400_000).await.expect("an upload").id;
        assert_eq!(reason(ada.start("c", 200_001).await), full);
        ada.cancel(&open).await;
        // Begun at once, they do not fit together: one waits for the other.
        let both = futures::future::join_all((0..2).map(|_| ada.start("d", 400_000))).await;
        assert_eq!(both.iter().filter(|answer| answer.is_ok()).count(), 1, "{both:?}");
        for _ in 0..19 {
            ada.start("small", 1).await.expect("an upload");
        }
        assert_eq!(reason(ada.start("small", 1).await), exhausted("TOO_MANY_UPLOADS"));
        // It is each user's own.
        Person::register(&server.url, "bob").await.upload("a", &bytes(7, 900_000)).await;
        server.end().await;
    }

    async fn uploads_left_alone_are_collected(database: Database) {
        let server = Server::start_with(database, |config| config.files.collect_every_ms = 20).await;
        let ada = Person::register(&server.url, "ada").await;
        let data = bytes(8, 100 * KIB);
        let id = ada.start("idle", 200 * KIB).await.expect("an upload").id;
        ada.chunk(&id, 0, &data).await.expect("stored");
        // What a crash leaves: the bytes of an upload that is not in the store,
        // a half-written object among them, and the file that it nearly was. It
        // comes at once and in this order: by the upload the collector finds all.
        let lost = uuid::Uuid::now_v7().to_string();
        let aside = server.config.server.data.join("aside");
        for object in ["files/original", "uploads/x", "uploads/y#1"] {
            let path = aside.join(object);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, b"left").expect("a file");
        }
        for folder in ["files", "uploads"] {
            let place = server.config.server.data.join("files").join(folder);
            std::fs::create_dir_all(&place).expect("a folder");
            std::fs::rename(aside.join(folder), place.join(&lost)).expect("moved");
        }
        // It is left alone for so long.
        let idle_us = server.config.files.upload_idle_ms * 1_000;
        let pass = format!("update uploads set touched_us = touched_us - {idle_us}");
        server.database().await.execute(pass).await;
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        within("all to be collected", async {
            while stored(&server, "") > 0 {
                ticks.tick().await;
            }
        })
        .await;
        assert_eq!(reason(ada.chunk(&id, 100 * KIB, &data).await), no_upload());
        assert_eq!(reason(ada.finish(&id, sha256(&data)).await), no_upload());
        server.end().await;
    }

    async fn what_was_acknowledged_survives_a_crash(database: Database) {
        let mut server = Process::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let data = png(600, 300);
        let upload = ada.start("a.png", data.len()).await.expect("an upload");
        let first = data.len() / 2;
        ada.chunk(&upload.id, 0, &data[..first]).await.expect("stored");
        server.kill().await;
        server.start_again().await;
        let status = ada.status(&upload.id).await.expect("it is still there");
        assert_eq!(usize::try_from(status.received_bytes), Ok(first));
        ada.chunk(&upload.id, first, &data[first..]).await.expect("stored");
        // It dies in the work on the image, as soon as something of it is there.
        let folder = server.data().join("files");
        let begun = async {
            let mut ticks = tokio::time::interval(Duration::from_millis(1));
            while count(&folder.join("files")) == 0 {
                ticks.tick().await;
            }
        };
        tokio::select! {
            _ = ada.finish(&upload.id, sha256(&data)) => {}
            () = begun => {}
        }
        server.kill().await;
        assert!(count(&folder.join("files")) > 0);
        server.start_again().await;
        let file = ada.finish(&upload.id, sha256(&data)).await.expect("once more");
        assert_eq!(file.image, Some(v1::ImageInfo { width: 600, height: 300 }));
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        within("what is left of the upload to go", async {
            while count(&folder.join("uploads")) > 0 {
                ticks.tick().await;
            }
        })
        .await;
        assert_eq!(count(&folder.join("files")), 3, "in its three forms, and nothing else");
        server.end().await;
    }

    async fn a_full_disk_is_said_and_passes(database: Database) {
        // A limit on the size of a file stands for the full disk: the pieces fit,
        // the whole does not, and a write fails in the midst.
        let mut server = Process::start_with_file_limit(database, 3 * 1024).await;
        let ada = Person::register(&server.url, "ada").await;
        let data = bytes(9, 3_500 * KIB);
        let full = exhausted("STORAGE_FULL");
        let upload = ada.start("large.bin", data.len()).await.expect("an upload");
        assert_eq!(reason(ada.client.resume_upload(upload.clone(), &data).await), full);
        let folder = server.data().join("files");
        assert_eq!(count(&folder.join("files")), 0, "nothing half-written is left");
        let status = ada.status(&upload.id).await.expect("the upload is still there");
        assert_eq!(status.received_bytes, status.size_bytes);
        assert_eq!(reason(ada.finish(&upload.id, sha256(&data)).await), full);
        // What fits still works, and once there is room the large one does too.
        ada.upload("small.bin", &data[..100_000]).await;
        server.kill().await;
        server.start_again_without_limit().await;
        let client = Client::connect(&server.url).expect("a URL");
        client.set_tokens(ada.client.tokens().borrow().clone());
        let file = client.resume_upload(status, &data).await.expect("finished");
        assert_eq!((file.size_bytes, count(&folder.join("uploads"))), (3_500 * 1024, 0));
        server.end().await;
    }

    async fn a_storage_that_is_away_is_said_and_comes_back(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let data = bytes(10, 200 * KIB);
        let id = ada.start("a", data.len()).await.expect("an upload").id;
        // A file stands where the folder should be, as when nothing is mounted.
        let folder = server.config.server.data.join("files");
        let aside = server.config.server.data.join("aside");
        std::fs::rename(&folder, &aside).expect("moved");
        std::fs::write(&folder, b"").expect("a file");
        let error = ada.chunk(&id, 0, &data).await.expect_err("away");
        assert_eq!((error.code, error.reason.as_str()), (Code::Unavailable, "STORAGE_UNAVAILABLE"));
        assert!(error.retry_after.is_some());
        assert!(!error.message.contains('/'), "no path leaves the server: {}", error.message);
        assert_eq!(ada.status(&id).await.expect("there").received_bytes, 0);
        std::fs::remove_file(&folder).expect("removed");
        std::fs::rename(&aside, &folder).expect("moved back");
        ada.chunk(&id, 0, &data).await.expect("stored");
        ada.finish(&id, sha256(&data)).await.expect("finished");
        server.end().await;
    }
}

/// A PNG of 50,000 by 50,000 pixels, as far as its header goes.
fn bomb() -> Vec<u8> {
    let mut bytes = png(1, 1);
    let side = 50_000_u32.to_be_bytes();
    bytes[16..20].copy_from_slice(&side);
    bytes[20..24].copy_from_slice(&side);
    let crc = !bytes[12..29].iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
        })
    });
    bytes[29..33].copy_from_slice(&crc.to_be_bytes());
    bytes
}

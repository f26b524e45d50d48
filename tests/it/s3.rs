//! Files in a bucket instead of a folder.

use std::time::Duration;

use causerie_client::v1::{self, FileVariant};
use tonic::Code;

use crate::support::{
    Person, Server,
    files::{bytes, count, png, sha256},
    on_both_databases,
    s3::S3,
    web, within,
};

on_both_databases! {
    async fn files_live_and_go_in_a_bucket(database: Database) {
        let s3 = S3::start();
        let server = Server::start_with(database, |config| {
            s3.configure(config);
            config.files.collect_every_ms = 50;
        })
        .await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        // Larger than what S3 takes in one part, and an image with its thumbnails.
        let data = bytes(12, 9_000_000);
        let (large, image) = (ada.upload("large.bin", &data).await, ada.upload("a.png", &png(400, 40)).await);
        let sent = ada.send_files(&room, "", &[&large, &image]).await.expect("sent");
        let [large, image] = sent.attachments.as_slice() else { panic!("{sent:?}") };
        assert!(bob.download(&large.id, FileVariant::Unspecified).await.expect("bytes") == data);
        let part = v1::DownloadFileRequest {
            file_id: large.id.clone(),
            offset: 8_500_000,
            length: 10,
            ..Default::default()
        };
        assert_eq!(bob.client.download(part).await.expect("a part"), &data[8_500_000..8_500_010]);
        let small = bob.download(&image.id, FileVariant::Small).await.expect("a thumbnail");
        assert_eq!(image::load_from_memory(&small).expect("an image").width(), 320);
        let path = bob.links(&[&large.id], FileVariant::Unspecified).await.remove(0);
        let ranged = format!("GET {path} HTTP/1.1\r\nhost: x\r\nrange: bytes=0-9\r\nconnection: close\r\n\r\n");
        assert_eq!(web::request(&server.url, &ranged).await.expect("an answer").0, 206);
        assert_eq!(count(&server.config.server.data.join("files")), 0, "nothing in the folder");

        // What is refused, given up or deleted leaves nothing behind.
        let id = ada.start("bad", data.len()).await.expect("an upload").id;
        for (at, chunk) in data.chunks(512 * 1024).enumerate() {
            ada.chunk(&id, at * 512 * 1024, chunk).await.expect("stored");
        }
        let error = ada.finish(&id, vec![0; 32]).await.expect_err("refused");
        assert_eq!((error.code, error.reason.as_str()), (Code::FailedPrecondition, "CHECKSUM_MISMATCH"));
        let id = ada.start("given up", 200_000).await.expect("an upload").id;
        ada.chunk(&id, 0, &data[..100_000]).await.expect("stored");
        ada.cancel(&id).await;
        let request = v1::DeleteMessageRequest { room_id: room.clone(), seq: sent.seq, ..Default::default() };
        ada.client.delete_message(request).await.expect("deleted");
        let mut ticks = tokio::time::interval(Duration::from_millis(50));
        within("the bucket to be empty", async {
            while !s3.objects().await.is_empty() {
                ticks.tick().await;
            }
        })
        .await;
        server.end().await;
    }

    async fn a_bucket_that_is_away_is_said(database: Database) {
        let mut s3 = S3::start();
        let mut server = Server::start_with(database, |config| s3.configure(config)).await;
        let ada = Person::register(&server.url, "ada").await;
        let file = ada.upload("a.txt", b"a note").await;
        let id = ada.start("b.txt", 6).await.expect("an upload").id;
        s3.kill();
        // There is nothing more to wait for.
        server.config.files.s3_within_ms = 500;
        server.restart().await;
        let error = ada.chunk(&id, 0, b"b note").await.expect_err("away");
        assert_eq!((error.code, error.reason.as_str()), (Code::Unavailable, "STORAGE_UNAVAILABLE"));
        let error = ada.download(&file.id, FileVariant::Unspecified).await.expect_err("away");
        assert_eq!((error.code, error.reason.as_str()), (Code::Unavailable, "STORAGE_UNAVAILABLE"));
        let error = ada.finish(&id, sha256(b"b note")).await.expect_err("nothing has arrived");
        assert_eq!(error.reason, "UPLOAD_INCOMPLETE");
        assert_eq!(ada.get_file(&file.id).await.expect("what is in the database"), file);
        server.end().await;
    }
}
